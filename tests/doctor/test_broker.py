from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hayakoe_daemon.doctor.broker import examine_broker, is_here
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.doctor.mosquitto import Keeping, keeping
from hayakoe_daemon.mqtt.link import BrokerSettings
from tests.doctor.house import machine, told
from tests.support.broker import Broker, Watcher, free_port

TOPIC = "hayakoe/test/doctor"


def settings(broker: Broker, user: str | None = None) -> BrokerSettings:
    password = broker.users.get(user or "")
    return BrokerSettings(broker.host, "hayakoe-test", port=broker.port, user=user, password=lambda: password)


def test_there_and_back_and_nothing_is_left_behind(broker: Broker) -> None:
    with Watcher(broker) as watcher:
        found = told(examine_broker(settings(broker), TOPIC, Machine()))
        watcher.publish("end", "")
        watcher.wait("end", lambda _: True)
        assert not [seen for seen in watcher.messages if seen.retain and seen.payload]
    assert "mosquitto version" in found[0][1]
    assert found[1][0] == "ok"
    assert "through a power cut too" in found[1][1]
    with Watcher(broker) as later:
        later.publish("end", "")
        later.wait("end", lambda _: True)
        assert [seen.topic for seen in later.messages] == ["end"]


def test_a_mosquitto_that_saves_every_half_hour_is_told(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    broker.write()
    config = broker.folder / "mosquitto.conf"
    lines = [line for line in config.read_text().splitlines() if not line.startswith("autosave")]
    config.write_text("\n".join(lines))
    with broker:
        [back, session] = examine_broker(settings(broker), TOPIC, Machine())
    assert "is back after" in back.means
    assert str(session.verdict) == "warning"
    assert "the last 30 minutes" in session.means
    assert "autosave_interval 1" in str(session.remedy)


def test_nobody_is_there() -> None:
    nobody = BrokerSettings("127.0.0.1", "x", port=free_port())
    [found] = examine_broker(nobody, TOPIC, Machine())
    assert str(found.verdict) == "failure"
    assert found.means.startswith("nothing is heard that comes over MQTT: nothing answers at")
    assert str(found.remedy).startswith("systemctl status mosquitto")


def test_a_name_that_nobody_has() -> None:
    [found] = examine_broker(BrokerSettings("none.invalid", "x"), TOPIC, Machine())
    assert str(found.remedy).startswith("getent hosts none.invalid")


def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    with Broker(tmp_path / "broker", users={"me": "right"}) as broker:
        wrong = dataclasses.replace(settings(broker, "me"), password=lambda: "wrong")
        [found] = examine_broker(wrong, TOPIC, Machine())
    assert str(found.verdict) == "failure"
    assert 'the user "me" or the password' in found.means
    # the broker is there: what helps is to ask it as that user, not whether it runs
    assert str(found.remedy).startswith(f"mosquitto_sub -V 5 -h {broker.host} -p {broker.port} -u me -P PASSWORD")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can cut the network off")
def test_a_machine_without_any_network() -> None:
    asked = (
        "from hayakoe_daemon.doctor.broker import examine_broker\n"
        "from hayakoe_daemon.doctor.machine import Machine\n"
        "from hayakoe_daemon.mqtt.link import BrokerSettings\n"
        "print(*examine_broker(BrokerSettings(host='localhost', port=1, client_id='a'), 'a/b', Machine()))"
    )
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", asked], capture_output=True, text=True, check=False, timeout=60
    )
    if "unshare failed" in done.stderr:
        pytest.skip(done.stderr)
    assert "this machine has no network, not even to itself" in done.stdout


def test_an_access_list_that_lets_nothing_through_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hayakoe_daemon.doctor.broker.PATIENCE", 1.0)
    with Broker(tmp_path / "broker", acl="topic read other/#\n") as broker:
        [(verdict, means)] = told(examine_broker(settings(broker), TOPIC, Machine()))
    assert verdict == "failure"
    assert "access list let everybody" in means


def test_sessions_that_the_config_gives_up(broker: Broker) -> None:
    none = dataclasses.replace(settings(broker), session_expiry=0)
    assert told(examine_broker(none, TOPIC, Machine()))[1][0] == "warning"


def mosquitto(root: Path, config: str, **included: str) -> Keeping | None:
    """What a mosquitto with this config, listening on port 1884, keeps."""
    files = {f"etc/mosquitto/conf.d/{name}.conf": text for name, text in included.items()}
    files["etc/mosquitto/mosquitto.conf"] = f"# a comment\nlistener 1884 0.0.0.0\n{config}\n"
    files["proc/41/comm"] = "mosquitto\n"
    files["proc/41/cmdline"] = "/usr/sbin/mosquitto\0-c\0/etc/mosquitto/mosquitto.conf\0"
    return keeping(machine(root, files), 1884)


@pytest.mark.parametrize(
    ("config", "lost"),
    [
        ("", "every session, and every message that waits"),
        ("persistence true", "the last 30 minutes"),
        ("persistence true\nautosave_interval 0", "all since its start"),
        ("persistence true\nautosave_interval 600\nautosave_on_changes true", "the last 600 changes"),
        ("persistence true\nautosave_interval 1\nautosave_on_changes true", None),
        ("persistence true\nautosave_interval 30", None),
    ],
)
def test_what_is_lost_when_it_is_killed(tmp_path: Path, config: str, lost: str | None) -> None:
    kept = mosquitto(tmp_path, config)
    assert kept is not None
    assert kept.lost_at_most == lost


def test_included_files_count_and_another_port_is_another_broker(tmp_path: Path) -> None:
    kept = mosquitto(tmp_path, "include_dir /etc/mosquitto/conf.d", a="persistence true", b="autosave_interval 5")
    assert kept is not None
    assert (kept.persistence, kept.autosave_interval, len(kept.files)) == (True, 5, 3)
    assert keeping(Machine(tmp_path), 1883) is None


def test_the_files_of_a_container_are_the_container_s(tmp_path: Path) -> None:
    inside = {"proc/41/root/etc/mosquitto/mosquitto.conf": "listener 1884\npersistence true\nautosave_interval 3\n"}
    machine(tmp_path, inside)
    kept = mosquitto(tmp_path, "persistence false")
    assert kept is not None
    assert (kept.persistence, kept.autosave_interval) == (True, 3)


def test_a_config_that_may_not_be_read_tells_nothing(tmp_path: Path) -> None:
    files = {"proc/41/comm": "mosquitto\n", "proc/41/cmdline": "mosquitto\0-c\0/none.conf\0"}
    assert keeping(machine(tmp_path, files), 1883) is None


def test_a_relative_config_lies_where_mosquitto_was_started(tmp_path: Path) -> None:
    files = {"proc/41/comm": "mosquitto\n", "proc/41/cmdline": "mosquitto\0-c\0here.conf\0"}
    kept = keeping(machine(tmp_path, {**files, "proc/41/cwd/here.conf": "listener 1884\npersistence true\n"}), 1884)
    assert kept is not None
    assert kept.persistence


def test_which_broker_is_here() -> None:
    assert is_here("localhost")
    assert is_here("127.0.0.1")
    assert is_here("::1")
    assert not is_here("192.0.2.1")
    assert not is_here("homeassistant.local")
