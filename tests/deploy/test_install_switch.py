"""What deploy/install.sh does with a service that somebody has stopped or disabled: it stays so."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.support.installing import bash

SYSTEMD = """
folder=$1
booted() { true; }
set_up_service() { :; }
take_service_away() { echo "away"; }
timeout() { shift 2; "$@"; }
journalctl() { :; }
systemctl() {
    case $1 in restart | enable | stop) echo "$1" ;; esac
    case $1 in
    is-active) cat "$folder/active"; [ "$(cat "$folder/active")" = active ] ;;
    is-enabled) cat "$folder/enabled"; [ "$(cat "$folder/enabled")" = enabled ] ;;
    restart) echo "$FOUND" >"$folder/active"; [ "$FOUND" = active ] || [ "$(linked current)" = "$PREFIX/versions/2" ] ;;
    stop) echo inactive >"$folder/active" ;;
    enable) echo enabled >"$folder/enabled" ;;
    esac
}
printf '#!/bin/sh\n' >"$COMMAND"
chmod +x "$COMMAND"
link_to current "$PREFIX/versions/2"
"""


def make(folder: Path, active: str, enabled: str) -> None:
    for name in ("2", "3"):
        (folder / "opt/versions" / name).mkdir(parents=True)
    (folder / "active").write_text(f"{active}\n")
    (folder / "enabled").write_text(f"{enabled}\n")


def upgrade(folder: Path, end: str, found: str = "active") -> tuple[list[str], str, str]:
    """What systemd was told, and whether the service ran and was enabled afterwards."""
    script = 'switch_to "$PREFIX/versions/3" "$PREFIX/versions/2"; start_service yes; '
    told = bash(SYSTEMD + script + end, folder, env={"FOUND": found})
    return told.stdout.split(), (folder / "active").read_text().strip(), (folder / "enabled").read_text().strip()


@pytest.mark.parametrize("end", ["UNDO=()", "die later", "kill -INT $$", "kill -TERM $$"])
@pytest.mark.parametrize("active", ["inactive", "failed"])
@pytest.mark.parametrize("enabled", ["enabled", "disabled"])
def test_what_was_stopped_stays_stopped(tmp_path: Path, end: str, active: str, enabled: str) -> None:
    make(tmp_path, active, enabled)

    assert upgrade(tmp_path, end)[1:] == (active, enabled)


@pytest.mark.parametrize("active", ["active", "activating", "reloading"])
def test_what_ran_runs(tmp_path: Path, active: str) -> None:
    make(tmp_path, active, "disabled")

    assert upgrade(tmp_path, "UNDO=()") == (["restart"], "active", "disabled")


def test_what_ran_runs_again_where_the_new_one_does_not(tmp_path: Path) -> None:
    make(tmp_path, "active", "enabled")

    told, *_ = upgrade(tmp_path, "UNDO=()", found="activating")

    assert told == ["enable", "restart", "restart"]
    assert (tmp_path / "opt/current").readlink() == Path("versions/2")


@pytest.mark.parametrize(
    ("log", "kept"),
    [("ERROR no control socket at /nowhere/a.sock: No such file; the commands cannot", True), ("ready: home", False)],
)
def test_a_service_that_lives_on_without_its_commands_has_started(tmp_path: Path, log: str, *, kept: bool) -> None:
    make(tmp_path, "active", "enabled")
    (tmp_path / "log").write_text(log)
    mute = 'journalctl() { cat "$folder/log"; }; echo "exit 1" >>"$COMMAND"; '
    script = 'switch_to "$PREFIX/versions/3" "$PREFIX/versions/2"; start_service yes; UNDO=()'

    told = bash(SYSTEMD + mute + script, tmp_path, env={"FOUND": "active"})

    assert ((tmp_path / "opt/current").readlink() == Path("versions/3")) is kept
    assert ("no command reaches it: no control socket at /nowhere/a.sock" in told.stderr) is kept
    assert ("the service does not start" in told.stderr) is not kept


@pytest.mark.parametrize("folder", ["var", "cache"])
@pytest.mark.parametrize("there", [True, False], ids=["there", "not there"])
def test_of_a_first_start_that_fails_only_state_from_before_is_left(tmp_path: Path, folder: str, there: bool) -> None:
    make(tmp_path, "inactive", "disabled")
    if there:
        (tmp_path / folder).mkdir()
    first = 'rm "$PREFIX/current"; CACHE_DIR=$1/cache; switch_to "$PREFIX/versions/3" ""; '

    bash(SYSTEMD + first + 'mkdir -p "$STATE_DIR" "$CACHE_DIR"; die "it does not start"', tmp_path)

    assert (tmp_path / folder).exists() == there


@pytest.mark.parametrize("cut", ["set_up_service", "start_service"])
@pytest.mark.parametrize("enabled", ["not-found", "disabled", "enabled"])
def test_a_first_installation_that_the_power_has_cut_is_finished_by_the_next(
    tmp_path: Path, cut: str, enabled: str
) -> None:
    """Nobody has stopped or disabled that service."""
    make(tmp_path, "inactive", enabled)
    first = f'rm "$PREFIX/current"; {cut}() {{ kill -KILL $$; }}; switch_to "$PREFIX/versions/2" ""; start_service yes'
    assert bash(SYSTEMD + first, tmp_path, env={"TMPDIR": str(tmp_path)}).returncode == -signal.SIGKILL
    assert (tmp_path / "opt/current").readlink() == Path("versions/2")

    assert upgrade(tmp_path, "keep") == (["enable", "restart"], "active", "enabled")

    (tmp_path / "active").write_text("inactive\n")
    assert upgrade(tmp_path, "keep")[1] == "inactive"  # by somebody, from now on


def test_the_unit_is_on_the_disk_before_it_counts(tmp_path: Path) -> None:
    """As every file of the version is: many pull the plug as soon as it is installed."""
    make(tmp_path, "inactive", "disabled")
    version = tmp_path / "opt/versions/2"
    for name, text in (
        ("share/hayakoe-daemon/systemd/hayakoe-daemon.service", "[Unit]\n"),
        ("bin/hayakoe-daemon", "#!/bin/sh\necho x\n"),
    ):
        (version / name).parent.mkdir(parents=True)
        (version / name).write_text(text)
        (version / name).chmod(0o755)
    order = 'sync() { [ ! -s "$UNIT_FILE" ] || echo "synced ${*: -1}"; }; booted() { echo "asked"; false; }\n'

    told = bash(f'PREFIX=$1/opt; link_to current "$PREFIX/versions/2"; {order} set_up_service', tmp_path)

    assert told.stdout.splitlines() == [f"synced {tmp_path}/unit", "asked"], told.stderr


def test_where_a_folder_is_a_disk_of_its_own_the_rest_goes(tmp_path: Path) -> None:
    """`rm` takes what lies there, and cannot take the folder."""
    for name in ("opt", "var", "cache"):
        (tmp_path / name).mkdir()
    tools = (
        "CACHE_DIR=$1/cache BROKER_CONFIG=$1/broker; booted() { false; }; take_service_away() { :; }\n"
        'rm() { command rm "$@"; false; }; remove_account() { echo account; }\n'
    )

    told = bash(f"{tools}uninstall purge", tmp_path)

    assert (told.returncode, told.stdout) == (0, "account\n"), told.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_the_config_names_elsewhere_is_named_and_stays(tmp_path: Path) -> None:
    for name in ("opt", "etc", "var/voices", "cache", "my disk/state/voices", "voices", "bin"):
        (tmp_path / name).mkdir(parents=True)
    config = tmp_path / "etc/config.yaml"
    state = f"{tmp_path}/my disk/state"
    config.write_text(
        f"state_dir: {state}\nspeech: {{dictionary: {state}/voices}}\n"
        f"voices: {{dir: {tmp_path}/voices}}\ncache: {{dir: /no/where}}\n"
    )
    command = tmp_path / "bin/command"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m hayakoe_daemon "$@"\n')
    command.chmod(0o755)
    tools = (
        "COMMAND=$1/bin/command CACHE_DIR=$1/cache BROKER_CONFIG=$1/broker; booted() { false; }\n"
        "take_service_away() { :; }; remove_account() { :; }; cd /; uninstall "
    )

    assert str(tmp_path / "voices") not in bash(f"{tools}''", tmp_path).stderr
    (tmp_path / "opt").mkdir()
    told = bash(f"{tools}purge", tmp_path).stderr

    assert f"stays; take it away where nothing else uses it:\n{tmp_path}/my disk/state\n{tmp_path}/voices\n" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "my disk", "voices"]


def test_what_a_killed_run_left_is_taken_away_and_what_another_holds_is_not(tmp_path: Path) -> None:
    for name in ("aaaaaa", "bbbbbb"):
        (tmp_path / f"hayakoe-daemon.{name}").mkdir()
    (tmp_path / "hayakoe-daemon.keep").mkdir()
    hold = 'exec 7<"$TMPDIR/hayakoe-daemon.bbbbbb"; flock -s 7; '
    script = f'{hold}remove_old_scratch; [ -d "$SCRATCH" ] && ls "$TMPDIR" | wc -l'

    told = bash(script, tmp_path, env={"TMPDIR": str(tmp_path)})

    assert told.stdout.strip() == "3", told.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hayakoe-daemon.bbbbbb", "hayakoe-daemon.keep"]
