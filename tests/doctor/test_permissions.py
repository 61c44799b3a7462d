from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hayakoe_daemon.doctor.account import Account, myself, of_process
from hayakoe_daemon.doctor.machine import Machine
from hayakoe_daemon.doctor.permissions import (
    examine_config_file,
    examine_rights,
    examine_socket,
    examine_sound_access,
    examine_state_folder,
)
from hayakoe_daemon.doctor.rights import Need
from tests.doctor.house import machine, told
from tests.support.waiting import wait_for


@pytest.mark.parametrize(("mode", "verdict"), [(0o644, "ok"), (0o646, "failure")])
def test_a_config_that_everybody_may_write(tmp_path: Path, mode: int, verdict: str) -> None:
    config = tmp_path / "config.yaml"
    config.touch()
    config.chmod(mode)
    assert told(examine_config_file(config))[0][0] == verdict


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
    assert told(examine_state_folder(state, myself()))[0][0] == "ok"
    assert told(examine_state_folder(tmp_path / "none", myself())) == []
    [found] = examine_state_folder(state, Account(12345, 12345))
    assert str(found.verdict) == "failure"
    assert found.means.startswith("3 files")  # the folder itself is one of them
    assert found.remedy == f"sudo chown -R 12345: {state}"


def test_a_card_that_the_daemon_s_user_may_not_play_on(tmp_path: Path) -> None:
    house = machine(tmp_path, {"dev/snd/pcmC0D0p": "", "dev/snd/controlC0": ""})
    nodes = [tmp_path / "dev/snd/pcmC0D0p", tmp_path / "dev/snd/controlC0"]
    for node in nodes:
        node.chmod(0o660)
    stranger, group = Account(12345, 12345), nodes[0].stat().st_gid
    assert told(examine_sound_access(house, myself()))[0][0] == "ok"
    [found] = examine_sound_access(house, stranger)
    assert (str(found.verdict), "usermod -aG" in str(found.remedy)) == ("failure", True)
    if os.geteuid():  # the unit gives the group, which no list of users tells
        assert told(examine_sound_access(house, replace(stranger, groups=(group,))))[0][0] == "ok"


def test_a_machine_without_a_card(tmp_path: Path) -> None:
    assert told(examine_sound_access(machine(tmp_path), myself()))[0][0] == "warning"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One to which everybody finds the way; those of pytest are closed."""
    with TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as another user")
def test_root_asks_what_the_service_s_user_may_do(open_folder: Path) -> None:
    state, config = open_folder / "state", open_folder / "closed/config.yaml"
    state.mkdir()
    config.parent.mkdir()
    config.touch()
    config.chmod(0o644)
    needs = [Need("state", state, os.R_OK | os.W_OK | os.X_OK, own=True), Need("config", config, os.R_OK)]
    nobody = Account(65534, 65534)
    assert [(verdict, means[:31]) for verdict, means in told(examine_rights(myself(), needs))] == [
        ("ok", "the user root may use all that ")
    ]

    [found] = examine_rights(nobody, needs)
    assert str(found.verdict) == "failure"
    assert f"may not write {state} (state): {state} is drwxr-xr-x root:root" in found.means
    assert str(found.remedy).startswith(f"sudo chown -R {nobody.name}: {state}")

    os.chown(state, 65534, 65534)
    config.parent.chmod(0o750)
    [found] = examine_rights(nobody, needs)
    assert f"may not read {config} (config): {config.parent} is drwxr-x---" in found.means
    assert found.remedy == f"sudo chmod o+x {config.parent}"

    os.chown(config.parent, 0, 23456)
    assert told(examine_rights(replace(nobody, groups=(23456,)), needs))[0][0] == "ok"
    config.chmod(0o600)
    [found] = examine_rights(replace(nobody, groups=(23456,)), needs)
    assert str(found.remedy).startswith("sudo chgrp ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as another user")
def test_nobody_is_told_to_give_away_a_folder_that_is_not_the_daemon_s(open_folder: Path) -> None:
    state, nobody = open_folder / "state", Account(65534, 65534)
    inside = [Need("state", state / name, os.W_OK) for name in ("journal.sqlite3", "alarms.json")]
    [found] = examine_rights(nobody, [Need("state", open_folder, os.W_OK | os.X_OK, make=state), *inside])
    assert str(found.remedy).startswith(f"sudo install -d -o {nobody.name} ")
    assert str(found.remedy).endswith(f" {state}")
    [found] = examine_rights(nobody, [Need("control.socket", open_folder, os.W_OK | os.X_OK)])
    assert "chown" not in str(found.remedy)
    state.mkdir(mode=0o700)
    for need in inside:
        need.path.touch()
    own = Need("state", state, os.R_OK | os.W_OK | os.X_OK, own=True)
    [found] = examine_rights(nobody, [own, *inside])  # one cause, one line
    assert str(found.remedy).startswith(f"sudo chown -R {nobody.name}: {state}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_what_one_may_do_oneself_and_what_nobody_but_root_can_tell(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    needs = [Need("state", state, os.W_OK), Need("dictionary", tmp_path / "none", os.R_OK)]
    assert told(examine_rights(myself(), needs))[0][0] == "ok"
    state.chmod(0o500)
    assert told(examine_rights(myself(), needs))[0][0] == "failure"
    [found] = examine_rights(Account(990, 990), needs)
    assert (str(found.verdict), found.remedy) == ("warning", "sudo hayakoe-daemon doctor")
    assert "not looked at (state): only root can tell what" in found.means


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can shut another one out")
def test_a_unit_that_shuts_the_service_out_is_told_from_missing_rights(open_folder: Path) -> None:
    os.chown(open_folder, 65534, 65534)
    command = f"mount --bind -o ro {open_folder} {open_folder} && mount -o remount,bind,ro {open_folder} && echo in"
    shut = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f"{command} && exec setpriv --reuid 65534 --regid 65534 --clear-groups cat",
    ]
    with subprocess.Popen(shut, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as daemon:
        assert daemon.stdin is not None
        assert daemon.stdout is not None
        if daemon.stdout.readline() != b"in\n":
            pytest.skip("no mounts of one's own here")
        wait_for(lambda: Path(f"/proc/{daemon.pid}/comm").read_text().strip() == "cat", 10.0)
        account = of_process(Machine(), daemon.pid, 65534)
        [found] = examine_rights(account, [Need("cache.dir", open_folder, os.W_OK)])
        daemon.stdin.close()
    assert "the unit shuts the service out" in found.means
    assert f"ReadWritePaths={open_folder}" in str(found.remedy)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_disk_that_is_read_only_is_no_matter_of_rights(open_folder: Path) -> None:
    asked = (
        "import os; from pathlib import Path; from hayakoe_daemon.doctor.account import *\n"
        "from hayakoe_daemon.doctor.permissions import *; from hayakoe_daemon.doctor.disk import *\n"
        f"folder = Path({str(open_folder)!r}); ways = [Need(one, folder, os.W_OK) for one in ('state', 'dictionary')]\n"
        "[print(one) for one in (*examine_rights(myself(), ways), *examine_writing(folder))]"
    )
    mount = f"mount -t tmpfs -o ro none {open_folder} && echo in && exec {sys.executable} -c {shlex.quote(asked)}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount], capture_output=True, text=True, check=False, timeout=60
    )
    if not done.stdout.startswith("in"):
        pytest.skip("no mounts of one's own here")
    [found] = done.stdout.splitlines()[1:]
    assert f"may not write {open_folder} (state, dictionary): that disk is mounted read-only" in found
