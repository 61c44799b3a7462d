from __future__ import annotations

from pathlib import Path

import pytest

from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.doctor.password import examine_credential, examine_password
from tests.doctor.house import machine, told

UNIT = "hayakoe-daemon.service"
HANDED = f"run/credentials/{UNIT}/mqtt-password"


@pytest.mark.parametrize(("mode", "verdict"), [(0o640, "ok"), (0o600, "ok"), (0o644, "warning")])
def test_a_password_that_everybody_may_read(tmp_path: Path, mode: int, verdict: str) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    password.chmod(mode)
    [found] = examine_password(password, "hayakoe")
    assert str(found.verdict) == verdict
    assert "secret" not in found.means
    if verdict == "warning":
        assert found.remedy == f"sudo chown hayakoe: {password} && sudo chmod 600 {password}"


def test_a_password_that_is_not_there(tmp_path: Path) -> None:
    [found] = examine_password(tmp_path / "none", "hayakoe")
    assert (str(found.verdict), found.means) == (
        "failure",
        f"the password file {tmp_path / 'none'}: No such file or directory",
    )
    assert str(found.remedy).startswith("sudo install -m 600 -o hayakoe")


def installed(root: Path, handed: str) -> Machine:
    unit = "[Service]\nLoadCredential=mqtt-password:/etc/other\nLoadCredential=mqtt-password:/etc/daemon/password"
    house = machine(root, {"etc/daemon/password": "new\n", HANDED: handed}, {"systemctl": f"cat <<'.'\n{unit}\n."})
    (root / "etc/daemon/password").chmod(0o600)
    return house


def test_a_credential_is_looked_at_where_systemd_reads_it(tmp_path: Path) -> None:
    house, source = installed(tmp_path, "new\n"), tmp_path / "etc/daemon/password"
    assert [verdict for verdict, _ in told(examine_credential(house, UNIT, "mqtt-password"))] == ["ok"]
    source.chmod(0o604)
    [found] = examine_credential(house, UNIT, "mqtt-password")
    assert (str(found.verdict), found.remedy) == ("warning", f"sudo chown root: {source} && sudo chmod 600 {source}")
    source.unlink()
    assert [verdict for verdict, _ in told(examine_credential(house, UNIT, "mqtt-password"))] == ["failure"]
    assert told(examine_credential(house, UNIT, "another")) == []
    assert told(examine_credential(machine(tmp_path / "bare"), UNIT, "mqtt-password")) == []


def test_a_credential_that_was_changed_since_the_service_got_it(tmp_path: Path) -> None:
    *_, found = examine_credential(installed(tmp_path, "old\n"), UNIT, "mqtt-password")
    assert "was changed after" in found.means
    assert found.remedy == "sudo systemctl restart hayakoe-daemon"
