from __future__ import annotations

import os
from pathlib import Path

import pytest

from hayakoe_daemon.doctor.permissions import (
    examine_config_file,
    examine_password,
    examine_socket,
    examine_sound_access,
    examine_state_folder,
)
from tests.doctor.house import machine, told


@pytest.mark.parametrize(("mode", "verdict"), [(0o644, "ok"), (0o646, "failure")])
def test_a_config_that_everybody_may_write(tmp_path: Path, mode: int, verdict: str) -> None:
    config = tmp_path / "config.yaml"
    config.touch()
    config.chmod(mode)
    assert told(examine_config_file(config))[0][0] == verdict


@pytest.mark.parametrize(("mode", "verdict"), [(0o640, "ok"), (0o600, "ok"), (0o644, "failure")])
def test_a_password_that_everybody_may_read(tmp_path: Path, mode: int, verdict: str) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    password.chmod(mode)
    [found] = examine_password(password)
    assert str(found.verdict) == verdict
    assert "secret" not in found.means


def test_a_password_that_is_not_there(tmp_path: Path) -> None:
    assert told(examine_password(tmp_path / "none"))[0] == (
        "failure",
        f"the password file {tmp_path / 'none'}: No such file or directory",
    )


@pytest.mark.parametrize(("mode", "verdicts"), [(0o660, ["ok"]), (0o666, ["failure"]), (None, [])])
def test_a_socket_by_which_everybody_may_command(tmp_path: Path, mode: int | None, verdicts: list[str]) -> None:
    socket = tmp_path / "control.sock"
    if mode is not None:
        socket.touch()
        socket.chmod(mode)
    assert [verdict for verdict, _ in told(examine_socket(socket))] == verdicts


def test_files_that_root_has_left_in_the_state_folder(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "voices").mkdir(parents=True)
    (state / "voices" / "model.onnx").touch()
    assert told(examine_state_folder(state))[0][0] == "ok"
    assert told(examine_state_folder(tmp_path / "none")) == []
    if os.geteuid():
        pytest.skip("only root can give files away")
    os.chown(state, 65534, 65534)
    [found] = examine_state_folder(state)
    assert str(found.verdict) == "failure"
    assert found.means.startswith("2 files")
    assert str(found.remedy).endswith(f": {state}")


def test_a_card_that_the_daemon_s_user_may_not_play_on(tmp_path: Path) -> None:
    house = machine(tmp_path, {"dev/snd/pcmC0D0p": "", "dev/snd/controlC0": ""})
    node = tmp_path / "dev/snd/pcmC0D0p"
    node.chmod(0o660)
    assert told(examine_sound_access(house, os.geteuid()))[0][0] == "ok"
    [found] = examine_sound_access(house, 12345)
    assert (str(found.verdict), "usermod -aG" in str(found.remedy)) == ("failure", True)
    node.chmod(0o666)
    assert told(examine_sound_access(house, 12345))[0][0] == "ok"


def test_a_machine_without_a_card(tmp_path: Path) -> None:
    assert told(examine_sound_access(machine(tmp_path), 0))[0][0] == "warning"
