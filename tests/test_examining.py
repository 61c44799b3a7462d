"""The doctor in a house: beside a daemon, without one, and as the daemon's own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from hayakoe_daemon.answer import Answer, Examined, Refused
from hayakoe_daemon.config.model import Config, Mqtt, Speech, Voices
from hayakoe_daemon.doctor.daemon import Unreachable
from hayakoe_daemon.doctor.examination import examine
from hayakoe_daemon.doctor.finding import Finding
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.doctor.rehearsal import Part, Rehearsed
from hayakoe_daemon.examining import Examiner, find_daemon, thorough
from tests.doctor.house import machine
from tests.fakecard import FakeCard
from tests.support.broker import Broker, Watcher
from tests.support.daemon import Daemon, Home
from tests.support.installed import add_bert, add_voices, synthesizer
from tests.support.waiting import wait_for

ALARMS = {"alarms": {"morning": {"time": "07:00", "text": "朝です。"}}, "time_zone": "Asia/Tokyo"}


def by_name(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    names: dict[str, list[dict[str, Any]]] = {}
    for finding in document["findings"]:
        names.setdefault(finding["name"], []).append(finding)
    return names


def test_a_house_with_a_daemon(tmp_path: Path, broker: Broker, card: FakeCard) -> None:
    daemon = Daemon(tmp_path / "home", broker, device="fakehw", env=card.env, config=ALARMS)
    with daemon, Watcher(broker) as watcher:
        home = Home(watcher)
        home.wait_online()
        home.say("こんにちは。", id="a")
        home.wait_event("a", "finished")

        watcher.publish(home.topic("do/doctor"), "", response_topic="answers", correlation=b"7")
        own = watcher.wait("answers", lambda _: True, 60.0)
        done = daemon.command("doctor", "--json", timeout=120.0)

    assert own.correlation == b"7"
    answer, command = json.loads(own.payload), json.loads(done.stdout)
    assert answer["status"] == "done"
    for document in (answer, command):
        names = by_name(document)
        assert document["format"] == 1
        for name in ("config", "daemon", "journal", "sound", "session", "alarms", "zone"):
            assert {one["verdict"] for one in names[name]} == {"ok"}, names[name]
        for name in ("broker", "writing", "speed"):  # a busy machine may be too slow to be told ok
            assert "failure" not in {one["verdict"] for one in names[name]}, names[name]
        assert "plays on fakehw" in names["sound"][0]["means"]
        assert "morning rings at" in names["alarms"][0]["means"]
        assert f"process {daemon.running.pid}" in names["daemon"][0]["means"]
    assert "embedded spoke" in by_name(command)["offline"][0]["means"]
    assert done.returncode == {"ok": 0, "warning": 1, "failure": 2}[command["verdict"]]
    assert done.stderr == ""


def test_a_house_whose_daemon_is_gone(tmp_path: Path, card: FakeCard) -> None:
    daemon = Daemon(tmp_path / "home", None, device="fakehw", env=card.env, config=ALARMS)
    done = daemon.command("doctor", timeout=120.0)
    lines = done.stdout.splitlines()
    assert done.returncode == 2
    assert any(line.startswith("failure  alarms           no daemon runs to ring them: morning") for line in lines)
    assert any(" sound            fakehw opens in" in line for line in lines)
    assert any("→ hayakoe-daemon run" in line or "→ sudo systemctl" in line for line in lines)
    assert lines[-1].endswith("failure(s)")
    assert "\x1b" not in done.stdout
    assert not daemon.state.exists()


def test_a_config_that_cannot_be_read(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("nod: kitchen\nqueue: {limit: -1}\n")
    program = [sys.executable, "-m", "hayakoe_daemon", "doctor", "--json", "--config", str(config)]
    done = subprocess.run(
        program, capture_output=True, text=True, check=False, timeout=120, cwd=Path(__file__).parents[1]
    )
    assert done.returncode == 2
    names = by_name(json.loads(done.stdout))
    assert [one["verdict"] for one in names["config"]] == ["failure", "failure"]
    assert "did you mean node?" in names["config"][0]["means"]
    assert names["offline"][0]["verdict"] == "ok"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_config_that_one_may_not_read_is_not_a_broken_one(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.touch(0o600)
    asked = (
        "import os, sys; from pathlib import Path; from hayakoe_daemon.doctor.examination import examine\n"
        "from hayakoe_daemon.doctor.machine import Machine; from hayakoe_daemon.examining import *\n"
        "os.setresuid(65534, 65534, 65534)\n"
        "[check, *_] = without_config(['it cannot be read'], Path(sys.argv[1]), Machine(), BUNDLED)\n"
        "print(*examine([check]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, str(config)], capture_output=True, text=True, check=True, timeout=60
    )
    assert "you may not read" in done.stdout
    assert "sudo hayakoe-daemon doctor" in done.stdout
    assert "failure" not in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees everything")
def test_root_does_not_take_its_own_rights_for_those_of_the_service(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o500)
    os.chown(state, 65534, 65534)  # whose daemon it is, as nothing else tells
    checks = thorough(Config(state_dir=state), tmp_path / "c.yaml", {}, Unreachable("none"), machine(tmp_path / "root"))
    (tmp_path / "c.yaml").touch()
    found = list(examine([check for check in checks if check.name == "permissions"]))
    assert any(str(one.verdict) == "failure" and "the user nobody may not" in one.means for one in found), found


def test_a_password_that_systemd_gives_to_the_service(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker", users={"me": "right"}) as broker:
        mqtt = Mqtt(host=broker.host, port=broker.port, user="me", password_credential="mqtt")
        config, root = Config(state_dir=tmp_path / "state", mqtt=mqtt), tmp_path / "root"

        def examined() -> list[Finding]:
            checks = thorough(config, tmp_path / "c.yaml", {}, Unreachable("none"), Machine(root))
            return list(examine([check for check in checks if check.name == "broker"]))

        assert [str(one.verdict) for one in examined()] == ["warning"]
        credentials = root / "run/credentials/hayakoe-daemon.service"
        credentials.mkdir(parents=True)
        (credentials / "mqtt").write_text("right\n")
        assert [one.name for one in examined()] == ["broker", "session"]


def test_files_that_cannot_be_read_are_told_before_a_daemon_sets_them_aside(tmp_path: Path) -> None:
    def found() -> list[Finding]:
        checks = thorough(config, tmp_path / "c.yaml", {}, Unreachable("none"), machine(tmp_path / "root"))
        return list(examine([check for check in checks if check.name == "damage"]))

    config = Config(state_dir=tmp_path / "my state")
    (tmp_path / "my state").mkdir()
    assert found() == []
    for name in ("alarms.json", "overrides.json", "dictionary.yaml"):
        (tmp_path / "my state" / name).write_text("{")
    alarms, overrides, words = found()
    assert {str(one.verdict) for one in (alarms, overrides, words)} == {"failure"}
    assert "alarms.json" in alarms.means
    assert "alarms set at run time are forgotten" in alarms.means
    assert "overrides.json" in overrides.means
    assert "dictionary.yaml cannot be read" in words.means
    file = f"'{tmp_path}/my state/alarms.json'"
    assert alarms.remedy == f"mend {file} (or give it up: sudo mv {file} {file}.damaged), then restart the daemon"


def test_the_disk_of_prepared_voices_is_looked_at_too(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one disk only")
    config = Config(state_dir=tmp_path, voices=Voices(prepared_dir=elsewhere / "prepared"))
    checks = thorough(config, tmp_path / "c.yaml", {}, Unreachable("none"), machine(tmp_path / "root"))
    told = [one.means for one in examine([check for check in checks if check.name == "disk"])]
    assert any(f"for prepared voices in {elsewhere}" in one for one in told)


def test_a_voice_that_is_spoilt_does_not_keep_the_embedded_one_from_speaking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = list[Part]()

    def rehearse(part: Part, **_: object) -> Rehearsed:
        spoken.append(part)
        return Rehearsed(isolated=True, asked_for=(), loaded_in=1.0, audio=8.0, compute=1.0, peak=100, busy=0.0)

    monkeypatch.setattr("hayakoe_daemon.examining.rehearse", rehearse)
    add_voices(tmp_path / "voices", "tiny")
    add_bert(tmp_path / "voices")
    with synthesizer(tmp_path / "voices", "tiny").open("ab") as graph:
        graph.write(b"x")
    config = Config(state_dir=tmp_path, speech=Speech(voice="tiny"))
    checks = thorough(config, tmp_path / "c.yaml", {}, Unreachable("none"), machine(tmp_path / "root"))
    found = list(examine([check for check in checks if check.name in ("models", "offline")]))
    assert [(one.name, str(one.verdict)) for one in found] == [
        ("models", "failure"),
        ("models", "ok"),
        ("offline", "ok"),
        ("speed", "ok"),
    ]
    assert spoken == [Part()]


def test_a_daemon_that_says_nothing_hangs(tmp_path: Path) -> None:
    config, path = Config(state_dir=tmp_path), tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(path))
        line.listen()

        def hang_up() -> None:
            line.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        silent = find_daemon(config, {})
    gone = find_daemon(config, {})
    assert [(one.runs, one.hangs) for one in (silent, gone) if isinstance(one, Unreachable)] == [
        (True, True),
        (False, False),
    ]


def test_one_examination_at_a_time(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("mqtt: {enabled: false}\naudio: {device: 'null:'}\n")
    free, answers = threading.Event(), list[Answer]()

    def look(what: str) -> dict[str, Any]:
        free.wait(20.0)
        return {"state": "idle", "queue": 0, "alarms": []}

    examiner = Examiner(config, look, Machine())
    examiner.ask(answers.append)
    examiner.ask(answers.append)
    assert [type(answer) for answer in answers] == [Refused]
    free.set()
    wait_for(lambda: len(answers) == 2, 60.0)
    assert isinstance(answers[1], Examined)


def test_the_daemon_s_own_says_so_where_the_config_was_spoilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("nod: kitchen\n")
    monkeypatch.setattr("hayakoe_daemon.examining.rehearse", lambda *_, **__: pytest.fail("it is the daemon's process"))
    answers = list[Answer]()
    Examiner(config, lambda _: {}, machine(tmp_path / "root")).ask(answers.append)
    wait_for(lambda: answers, 60.0)
    names = by_name(answers[0].document())
    assert names["config"][0]["verdict"] == "failure"
