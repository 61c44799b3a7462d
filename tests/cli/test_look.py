"""`hayakoe-daemon check-config` beyond what the file itself can say."""

from __future__ import annotations

import json
import platform
import socket
from pathlib import Path

import pytest
import yaml

from hayakoe_daemon.audio.devices import OutputDevice
from hayakoe_daemon.cli import look
from hayakoe_daemon.cli.main import main
from hayakoe_daemon.config.model import Config, Control
from hayakoe_daemon.doubts import doubts
from hayakoe_daemon.voice.providers import CUDA_ARCHITECTURE, no_cuda_build
from tests.fakecard import FakeCard
from tests.support.daemon import Daemon


def test_what_is_named_and_not_there_is_a_warning(tmp_path: Path) -> None:
    daemon = Daemon(
        tmp_path,
        None,
        config={
            "audio": {"chime": "gong", "sounds_dir": "sounds"},
            "speech": {"voice": "nobody", "tokenizer": "bert"},
            "mqtt": {"user": "me", "password_file": "password", "tls": {"ca_file": "ca.crt"}},
        },
    )
    done = daemon.command("check-config")
    assert done.returncode == 0
    for key in ("chime", "sounds_dir", "voice", "tokenizer", "password_file", "ca_file"):
        assert f".{key}: " in done.stderr
    assert len(done.stderr.splitlines()) == 6
    daemon.config_file.write_text(yaml.safe_dump({"state_dir": str(tmp_path)}))
    assert not daemon.command("check-config").stderr


def test_what_an_alarm_a_briefing_or_a_source_names_and_is_not_there_is_a_warning(tmp_path: Path) -> None:
    """Else the household learns it when the alarm is due."""
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds/birds.flac").touch()
    (tmp_path / "note.txt").touch()
    daemon = Daemon(
        tmp_path,
        None,
        config={
            "audio": {"sounds_dir": "sounds"},
            "control": {"group": "nobody-is-in-it"},
            "alarms": {
                "good": {"time": "06:45", "voice": "embedded", "chime": "ding", "sound": "birds.flac"},
                "bad": {"time": "06:45", "voice": "embeded", "chime": "gong", "sound": "bird.flac"},
            },
            "briefings": {"bad": {"text": "朝です。", "voice": "nobody", "chime": "gong", "sound": "no.wav"}},
            "sources": {
                "note": {"file": "note.txt"},
                "lost": {"file": "lost.txt"},
                "family": {"calendar": "family.ics"},
                "jma": {"calendar": "https://example.org/family.ics"},
            },
        },
    )
    done = daemon.command("check-config")
    assert done.returncode == 0
    told = done.stderr.splitlines()
    assert 'warning: alarms.bad.voice: there is no voice "embeded", did you mean "embedded"?' in told
    assert f"warning: alarms.bad.sound: there is no sound 'bird.flac' in {tmp_path / 'sounds'}" in told
    assert {line.split(": ")[1] for line in told} == {
        *("alarms.bad.voice", "alarms.bad.chime", "alarms.bad.sound", "control.group"),
        *("briefings.bad.voice", "briefings.bad.chime", "briefings.bad.sound"),
        *("sources.lost.file", "sources.family.calendar"),
    }
    assert len(told) == 9
    daemon.configure({"audio": {"sounds_dir": None}})
    assert "alarms.good.sound: birds.flac lies in no folder" in daemon.command("check-config").stderr


@pytest.mark.parametrize(("device", "status"), [("fakehw", 0), ("cellar", 1), ("null:", 0)])
def test_the_devices_have_one_status_for_people_and_programs(
    device: str, status: int, tmp_path: Path, card: FakeCard
) -> None:
    daemon = Daemon(tmp_path / "home", None, device=device, env=card.env)
    told, as_json = daemon.command("devices"), daemon.command("devices", "--json")
    assert (told.returncode, as_json.returncode) == (status, status)
    document = json.loads(as_json.stdout)
    assert document["picked"] == (None if status else device)
    assert [one["busy"] for one in document["devices"] if one["spec"] == "fakehw"] == [False]


def test_a_card_in_use_is_told_to_programs_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usb = OutputDevice("USB Audio (hw:2,0)", "hw:CARD=Device,DEV=0", 0, 0, is_default=False, is_busy=True)
    monkeypatch.setattr(look, "list_devices", lambda: [usb])
    monkeypatch.setattr(look, "pick", lambda devices, _: devices[0])
    (tmp_path / "config.yaml").write_text("audio: {device: 'hw:CARD=Device'}")
    assert main(["devices", "--json", "--config", str(tmp_path / "config.yaml")]) == 0
    assert json.loads(capsys.readouterr().out)["devices"][0]["busy"] is True


def test_what_is_set_at_run_time_is_shown_as_it_is_written(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, None)
    daemon.state.mkdir()
    (daemon.state / "overrides.json").write_text(json.dumps({"mute": [True, False], "style": ["ノーマル", None]}))
    shown = daemon.command("check-config").stdout
    assert "mute is true, the config says false" in shown
    assert "style is ノーマル, the config says null" in shown


def test_two_builds_of_onnxruntime_over_each_other_are_an_error_with_what_to_type(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, None)
    other = tmp_path / "packages"
    for name in ("onnxruntime", "onnxruntime_gpu"):
        (other / f"{name}-9.9.dist-info").mkdir(parents=True)
        (other / f"{name}-9.9.dist-info/METADATA").write_text(f"Name: {name.replace('_', '-')}\nVersion: 9.9\n")
    daemon.env = {**daemon.env, "PYTHONPATH": str(other)}
    done = daemon.command("check-config")
    assert done.returncode != 0
    assert "onnxruntime 9.9 and onnxruntime-gpu 9.9 are both installed" in done.stderr
    assert "`deploy/cuda.sh --undo`" in done.stderr


@pytest.mark.skipif(no_cuda_build() is None, reason="the build for CUDA is installed")
def test_a_graphics_card_without_the_build_for_it_is_a_warning(tmp_path: Path) -> None:
    done = Daemon(tmp_path, None, config={"voices": {"device": "cuda"}}).command("check-config")
    assert done.returncode == 0
    assert f"voices.device: cuda, but {no_cuda_build()}; voices speak on the processor" in done.stderr
    assert "computes on the processor only" in done.stderr or platform.machine() != CUDA_ARCHITECTURE
    assert ("`deploy/cuda.sh`" in done.stderr) == (platform.machine() == CUDA_ARCHITECTURE)


def test_a_socket_with_too_long_a_path_is_a_warning(tmp_path: Path) -> None:
    """107 bytes fit, see unix(7)."""
    fits = tmp_path / ("a" * (107 - len(str(tmp_path)) - 1))
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(fits))
    longer = fits.with_name(f"{fits.name}a")
    warned = [list(doubts(Config(control=Control(socket=path)), {"STATE_DIRECTORY": "/s"})) for path in (fits, longer)]
    assert [len(one) for one in warned] == [0, 1]
    assert warned[1][0].startswith(f"control.socket: {longer} is too long")
