"""`hayakoe-daemon alarms list`, as a person or a program runs it; no daemon is there."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.waiting import patient

ROOT = Path(__file__).parents[2]

ALARMS = """
time_zone: Asia/Tokyo
alarms:
  rubbish: {time: 07:30, days: 第2・第4水曜, text: 古紙の日です。}
  morning: {time: 06:45, days: 平日, skip_holidays: JP, text: おはようございます。}
  lunch:
    time: 12:30
    days: [sat]
  off: {time: 05:00, enabled: false}
  chat: {time: 06:45, days: fri}
"""
FROM = ("--from", "2026-09-18")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(ALARMS)
    return file


def listed(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hayakoe_daemon", "alarms", "list", *arguments, "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=patient(60))


def test_every_ringing_with_its_offset_in_the_order_of_time(config: Path) -> None:
    done = listed(config, *FROM, "--until", "2026-09-24")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "morning  2026-09-18T06:45:00+09:00",
        "chat     2026-09-18T06:45:00+09:00",
        "lunch    2026-09-19T12:30:00+09:00",
        "rubbish  2026-09-23T07:30:00+09:00",
        "morning  2026-09-24T06:45:00+09:00",
    ]


def test_as_json(config: Path) -> None:
    done = listed(config, *FROM, "--until", "2026-09-19T12:30", "--json")

    assert json.loads(done.stdout) == [
        {"name": "morning", "due": "2026-09-18T06:45:00+09:00"},
        {"name": "chat", "due": "2026-09-18T06:45:00+09:00"},
        {"name": "lunch", "due": "2026-09-19T12:30:00+09:00"},
    ]


def test_nothing_is_an_empty_list_or_said(config: Path) -> None:
    nothing = (*FROM, "--until", "2026-09-18T06:44:59+09:00")

    assert json.loads(listed(config, *nothing, "--json").stdout) == []
    done = listed(config, *nothing)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Nothing rings until 2026-09-18T06:44:59+09:00.\n"


def test_from_now_on_for_a_week(config: Path) -> None:
    config.write_text("time_zone: UTC\nalarms: {tick: {hourly: true}}\n")

    ringings = [datetime.fromisoformat(one["due"]) for one in json.loads(listed(config, "--json").stdout)]

    assert len(ringings) == 7 * 24
    assert ringings[-1] - ringings[0] == timedelta(hours=7 * 24 - 1)


def test_an_end_before_the_beginning_is_told(config: Path) -> None:
    done = listed(config, "--from", "2027-01-01", "--until", "2026-01-01")
    assert done.returncode == 1
    assert "--until: 2026-01-01T23:59:59+09:00 is before 2027-01-01T00:00:00+09:00" in done.stderr


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-12-31 25:00", "", "9999-99-99"])
def test_a_date_that_is_none_is_told(config: Path, text: str) -> None:
    done = listed(config, "--until", text)

    assert done.returncode == 1
    assert done.stderr == (
        f"hayakoe-daemon: --until wants a date such as 2026-12-31, or 2026-12-31T07:30, not {text!r}\n"
    )


def test_what_is_wrong_with_an_alarm_is_told(config: Path) -> None:
    config.write_text("alarms:\n  morning:\n    time: 6:45\n    days: wen\n")

    done = listed(config)

    assert done.returncode == 1
    assert done.stderr == (
        f'hayakoe-daemon: {config}:4: alarms.morning.days: "wen" is not allowed: there is no day "wen", '
        'did you mean "wed"?\n'
    )
