"""In front of a real Home Assistant, where there is one: its mqtt integration has the last word on the documents.

Needs `HOME_ASSISTANT_CHECK` (ha_check.py of the project's tools) and `HOME_ASSISTANT_VENV` (an environment that its
ha_setup.sh has made) in the environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import patient

CHECK, VENV = os.environ.get("HOME_ASSISTANT_CHECK", ""), os.environ.get("HOME_ASSISTANT_VENV", "")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (CHECK and VENV), reason="no Home Assistant at hand: see the head of the file"),
]

CONFIG = """\
node: kitchen
state_dir: "{dir}/state"
control: {socket: "{dir}/control.sock"}
mqtt: {host: "{host}", port: {port}, user: "{user}", password_file: PASSWORD_FILE}
audio: {device: "null:"}
home_assistant: {discovery: MODE}
alarms: {morning: {time: 06:45, text: おはようございます。}, chime: {hourly: 8-21}}
briefings: {news: {text: おはよう。}}
"""
CALLS = [
    ("text.set_value", "kitchen_say$", {"value": '引用"と{括弧}'}, 'say {"text":"引用\\"と{括弧}"}'),
    ("button.press", "kitchen_stop$", {}, "do/stop PRESS"),
    ("number.set_value", "kitchen_volume$", {"value": 55}, "set/volume 55"),
    ("select.select_option", "kitchen_style$", {"option": "（標準）"}, "set/style null"),
    ("switch.turn_on", "kitchen_mute$", {}, "set/mute ON"),
    ("switch.turn_off", "kitchen_alarm_morning$", {}, "alarm/morning/set OFF"),
    ("text.set_value", "kitchen_alarmtime_morning$", {"value": "7:15"}, "alarm/morning/set 7:15"),
    ("button.press", "kitchen_alarmnow_morning$", {}, "do/test_alarm morning"),
    ("button.press", "kitchen_briefing_news$", {}, "do/briefing/news PRESS"),
]
URGENT = ("notify.send_message", "kitchen_speak_urgently$", {"message": "火"}, 'say {"text":"火","priority":"urgent"}')


def check(tmp_path: Path, mode: str, *options: str, calls: list[Any]) -> dict[str, Any]:
    (tmp_path / "password").write_text("daemon-password")  # the tool's
    template = CONFIG.replace("MODE", mode).replace("PASSWORD_FILE", json.dumps(str(tmp_path / "password")))
    (tmp_path / "config.yaml").write_text(template)
    written = [{"service": service, "entity": entity, "data": data} for service, entity, data, _ in calls]
    (tmp_path / "calls.json").write_text(json.dumps(written))
    root = Path(__file__).parents[1]
    command = ["env", f"PYTHONPATH={root}", sys.executable, "-m", "hayakoe_daemon", "run", "--config", "{config}"]
    files: list[str | Path] = ["--calls", tmp_path / "calls.json", "--config-template", tmp_path / "config.yaml"]
    files += ["--wait", f"{patient(20):g}"]  # for a daemon that starts beside it on a busy machine
    subprocess.run(
        [CHECK, "--venv", VENV, *files, "--output", tmp_path / "report.json", *options, "--", *command],
        check=True,
        timeout=patient(240),
    )
    return dict(json.loads((tmp_path / "report.json").read_text()))


@pytest.mark.parametrize("options", [("--stop-signal", "KILL"), ("--daemon-first", "--restart-ha")], ids=" ".join)
def test_home_assistant_takes_all_of_it(tmp_path: Path, options: tuple[str, ...]) -> None:
    version = next(Path(VENV).glob(".ha_setup_*")).name.removeprefix(".ha_setup_")
    device = tuple(map(int, version.split(".")[:2])) >= (2024, 11)
    calls = [*CALLS, URGENT] if device else CALLS
    report = check(tmp_path, "device" if device else "components", *options, calls=calls)
    assert "error" not in report
    kinds = [one["domain"] for one in report["entities"]]
    assert len(kinds) == (33 if device else 31)
    told = [one for one in report["entities"] if one["disabled_by"] is None]
    assert not [one["entity_id"] for one in told if one["state"] == "unavailable"]
    assert {one["name"] for one in report["entities"] if one["disabled_by"]} == {
        *("合成時間の比（RTF）", "声が出るまでの時間", "メモリ使用量", "キャッシュから読んだ回数")
    }
    for call, (_, _, _, expected) in zip(report["calls"], calls, strict=True):
        assert "error" not in call, call
        messages = [f"{one['topic'].removeprefix('hayakoe/kitchen/')} {one['payload']}" for one in call["messages"]]
        assert expected in messages
        assert all(one["qos"] == 1 for one in call["messages"] if one["topic"].startswith("hayakoe"))
    after = {state for state in report["after_stop"].values() if state is not None}
    assert after == {"unavailable"}
    known = "Integration notify is not supported"  # before 2024.5
    assert not [line for line in report["log"] if known not in line]
