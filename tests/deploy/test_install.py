"""deploy/install.sh: what of it can be tried without root and network; deploy/check-install.sh tries all of it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.support.installing import bash

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def install(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DEPLOY / "install.sh", *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ofline", "x"],
        ["--offline"],
        ["--purge"],
        ["--rollback", "--uninstall"],
        ["--rollback", "--with-broker"],
        ["--rollback", "--no-start"],
        ["--uninstall", "--no-start"],
        ["x"],
    ],
)
def test_a_wrong_option_is_told_before_anything_is_done(arguments: list[str]) -> None:
    told = install(*arguments)

    assert told.returncode == 2
    assert "usage: deploy/install.sh" in told.stderr


def make_versions(folder: Path, *names: str) -> None:
    for name in names:
        (folder / "opt/versions" / name).mkdir(parents=True)


def links(folder: Path) -> dict[str, str]:
    return {path.name: str(path.readlink()) for path in (folder / "opt").iterdir() if path.is_symlink()}


def test_versions_are_linked_and_others_go(tmp_path: Path) -> None:
    make_versions(tmp_path, "1", "2", "3", "half")

    told = bash(
        "link_to previous $PREFIX/versions/2; link_to current $PREFIX/versions/3; remove_other_versions;linked current",
        tmp_path,
    )

    assert told.stdout.strip() == str(tmp_path / "opt/versions/3")
    assert links(tmp_path) == {"current": "versions/3", "previous": "versions/2"}
    assert sorted(path.name for path in (tmp_path / "opt/versions").iterdir()) == ["2", "3"]


def test_versions_on_another_disk_stay_too(tmp_path: Path) -> None:
    """As where /opt is a link, because the card is small."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "opt").symlink_to("disk")
    make_versions(tmp_path, "1", "2", "3")

    told = bash(
        "link_to previous $PREFIX/versions/2; link_to current $PREFIX/versions/3; remove_other_versions", tmp_path
    )

    assert told.returncode == 0, told.stderr
    assert sorted(path.name for path in (tmp_path / "disk/versions").iterdir()) == ["2", "3"]


SWITCH = """
set_up_service() { echo "set up $(basename "$(linked current)")"; }
take_service_away() { echo "taken away"; }
booted() { return 1; }
"""


def test_a_switch_that_fails_is_put_back(tmp_path: Path) -> None:
    make_versions(tmp_path, "1", "2", "3")
    before = "link_to previous $PREFIX/versions/1; link_to current $PREFIX/versions/2\n"

    told = bash(SWITCH + before + "switch_to $PREFIX/versions/3 $PREFIX/versions/2; die 'it does not start'", tmp_path)

    assert told.returncode == 1
    assert told.stdout.splitlines() == ["set up 3", "set up 2"]
    assert links(tmp_path) == {"current": "versions/2", "previous": "versions/1"}


@pytest.mark.parametrize("end", ["false", "kill -TERM $$", "kill -INT $$", "kill -HUP $$"])
def test_of_a_first_switch_that_fails_nothing_is_left(tmp_path: Path, end: str) -> None:
    make_versions(tmp_path, "1")

    told = bash(SWITCH + f"switch_to $PREFIX/versions/1 ''; {end}", tmp_path)

    assert told.returncode != 0
    assert told.stdout.splitlines() == ["set up 1", "taken away"]
    assert [path.name for path in (tmp_path / "opt").iterdir()] == ["versions"]


def test_steps_are_undone_last_first_and_not_when_all_is_well(tmp_path: Path) -> None:
    steps = "one() { echo one; }; two() { echo two; return 1; }; undo_with one; undo_with two\n"

    assert bash(steps + "die no", tmp_path).stdout.split() == ["two", "one"]
    assert bash(steps + "UNDO=()", tmp_path).stdout == ""


def test_nothing_of_the_scratch_folder_is_left(tmp_path: Path) -> None:
    told = bash("echo $SCRATCH; touch $SCRATCH/file; die no", tmp_path)

    assert not Path(told.stdout.strip()).exists()


def test_a_config_is_made_once(tmp_path: Path) -> None:
    account = 'ACCOUNT=$(id -gn); chown() { :; }; install() { command install -m 640 -- "${@: -2}"; }\n'

    bash(account + "set_up_config; UNDO=()", tmp_path)
    config = tmp_path / "etc/config.yaml"
    assert config.read_text() == (ROOT / "config.example.yaml").read_text()
    config.write_text("node: study\n")
    told = bash(account + "set_up_config; die later", tmp_path)

    assert "stays as it is" in told.stderr
    assert config.read_text() == "node: study\n"


def test_one_package_of_a_lock_and_the_others(tmp_path: Path) -> None:
    lock = DEPLOY / "locks/x86_64-py311.txt"

    one = bash('locked "$2" systemd-python', tmp_path, lock).stdout
    others = bash('locked "$2" "!systemd-python"', tmp_path, lock).stdout

    assert one.startswith("systemd-python==")
    assert one.count("==") == 1
    assert "--hash=sha256:" in one
    assert "systemd-python" not in others
    assert others.count("==") == lock.read_text().count("==") - 1


def test_the_lock_for_this_machine_is_found(tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho riscv64-py311\n")
    fake.chmod(0o755)

    assert "neither x86_64 nor aarch64" in bash("lock_of $1/python", tmp_path).stderr
    fake.write_text("#!/bin/sh\necho aarch64-py313\n")
    assert bash("lock_of $1/python", tmp_path).stdout.strip() == str(DEPLOY / "locks/aarch64-py313.txt")


def test_the_version_is_found(tmp_path: Path) -> None:
    (tmp_path / "hayakoe_daemon").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "hayakoe_daemon/__init__.py").write_text('"""."""\n')
    assert bash("ROOT=$1; project_version", tmp_path).stdout == "1.2.3\n"

    (tmp_path / "pyproject.toml").write_text('[project]\ndynamic = ["version"]\n')
    (tmp_path / "hayakoe_daemon/__init__.py").write_text('"""."""\n\n__version__ = "4.5.6"\n')
    assert bash("ROOT=$1; project_version", tmp_path).stdout == "4.5.6\n"


def make_bundle(folder: Path, machine: str = "amd64 bookworm", version: str = "1.0") -> Path:
    (folder / "debs").mkdir(parents=True)
    (folder / "debs/Packages").touch()
    (folder / "bundle.txt").write_text(f"{machine}\n{version}\n")
    digest = hashlib.sha256((folder / "bundle.txt").read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  ./bundle.txt\n")
    return folder


CHECK = """
dpkg() { echo amd64; }
release() { echo bookworm; }
project_version() { echo 1.0; }
apt_update() { echo "apt ${APT_OPTIONS[*]}"; cat "$SCRATCH/sources.list"; }
OFFLINE=$2
check_bundle
"""


def test_a_folder_for_this_machine_is_taken(tmp_path: Path) -> None:
    told = bash(CHECK, tmp_path, make_bundle(tmp_path / "with space"))

    assert told.returncode == 0, told.stderr
    assert "SourceParts=-" in told.stdout
    assert "deb [trusted=yes] file:/" in told.stdout


@pytest.mark.parametrize(
    ("machine", "version", "why"),
    [
        ("arm64 bookworm", "1.0", "is for arm64 bookworm, and this machine is amd64 bookworm"),
        ("amd64 trixie", "1.0", "is for amd64 trixie"),
        ("amd64 bookworm", "0.9", "is of version 0.9, and this is 1.0"),
    ],
)
def test_a_folder_for_another_machine_is_refused(tmp_path: Path, machine: str, version: str, why: str) -> None:
    told = bash(CHECK, tmp_path, make_bundle(tmp_path / "bundle", machine, version))

    assert told.returncode == 1
    assert why in told.stderr


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    (bundle / "bundle.txt").write_text("amd64 bookworm\n1.0 \n")

    told = bash(CHECK, tmp_path, bundle)

    assert told.returncode == 1
    assert "damaged or missing" in told.stderr


def test_another_folder_is_refused(tmp_path: Path) -> None:
    assert "no folder of deploy/bundle.sh" in bash(CHECK, tmp_path, tmp_path).stderr


def test_what_puts_things_back_outlives_its_reader(tmp_path: Path) -> None:
    """As in `deploy/install.sh 2>&1 | tee log`, where Ctrl-C ends tee as well."""
    steps = "one() { say one; touch $1/one; }; two() { say two; touch $1/two; }; undo_with one; undo_with two\n"
    script = f"folder=$1; {steps.replace('$1', '$folder')} exec 2> >(exec true); wait $!; say it breaks here"

    assert bash(script, tmp_path).returncode != 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_what_goes_back_can_be_run_also_where_the_clone_came_on_a_usb_stick(tmp_path: Path) -> None:
    """FAT, as desktops mount it, has no file that may be run, and folders that everybody may write to."""
    told = bash(
        'cp -R "$ROOT"/{deploy,systemd,config.example.yaml} $1; ROOT=$1 VERSION=$1/made'
        '; chmod -R a-x,a+rwX "$ROOT"; keep_along'
        '; cd "$VERSION/share/hayakoe-daemon"; find . -perm /022; deploy/install.sh --help',
        tmp_path,
    )

    assert told.stdout.startswith("usage: deploy/install.sh"), told.stderr


@pytest.mark.parametrize(("name", "where"), [("install.sh", DEPLOY), ("deploy/install.sh", ROOT)])
def test_sudo_runs_it_from_wherever_and_however_it_was_called(tmp_path: Path, name: str, where: Path) -> None:
    """`bash install.sh` in its folder, unpacked by what keeps no permissions: sudo takes no such name for a command."""
    commands = {"id": "echo 1000", "sudo": 'printf "%s\\n" "$@"'}
    for tool, does in commands.items():
        (tmp_path / tool).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / tool).chmod(0o755)

    told = subprocess.run(
        ["bash", name, "--no-start"],
        cwd=where,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CDPATH": f"{where}:/"},  # with which cd prints where it goes
    )

    assert told.stdout.splitlines() == ["--", "bash", str(DEPLOY / "install.sh"), "--no-start"]


def test_by_sh_it_is_the_same(tmp_path: Path) -> None:
    told = subprocess.run(
        ["sh", DEPLOY / "install.sh", "--purge"], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert told.returncode == 2
    assert "--purge goes with --uninstall" in told.stderr


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 0\n")
    (tmp_path / "id").chmod(0o755)

    told = subprocess.run(
        [DEPLOY / "install.sh", "--offline", "no such folder"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )

    assert told.returncode == 2
    assert "there is no folder no such folder" in told.stderr


@pytest.mark.parametrize(
    ("environment", "logged_in", "person"),
    [
        ({"SUDO_USER": "taro"}, "hanako", "taro"),
        ({"DOAS_USER": "taro"}, "hanako", "taro"),
        ({}, "taro", "taro"),  # by `su`
        ({}, "root", ""),
        ({}, "", ""),  # by no one who has logged in
        ({"SUDO_USER": "root"}, "taro", ""),
        ({"SUDO_USER": "gone"}, "", ""),
    ],
)
def test_who_installs(tmp_path: Path, environment: dict[str, str], logged_in: str, person: str) -> None:
    tools = f"getent() {{ [ $3 != gone ]; }}; logname() {{ [ -n '{logged_in}' ] && echo '{logged_in}'; }}\n"

    given = " ".join(f"{name}={value}" for name, value in environment.items())
    told = bash(f"{tools}unset SUDO_USER DOAS_USER; {given}\ninstalling_person", tmp_path)

    assert (told.returncode, told.stdout.strip()) == (0, person)


@pytest.mark.parametrize(("number", "removed"), [("998", "userdel hayakoe\n"), ("1000", "")])
def test_a_person_of_that_name_is_not_taken_away(tmp_path: Path, number: str, removed: str) -> None:
    tools = (
        f'id() {{ echo {number}; }}; getent() {{ echo x; }}; userdel() {{ echo "userdel $1"; }}; groupdel() {{ :; }}\n'
    )

    assert bash(f"{tools}remove_account", tmp_path).stdout == removed


def test_scratch_is_not_in_memory_and_pip_s_too(tmp_path: Path) -> None:
    """/tmp of Debian 13 is half of the memory, and pip fetches all wheels before it installs them."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text("#!/bin/sh\necho $TMPDIR\n")
    (tmp_path / "bin/python").chmod(0o755)

    scratch, pip = bash("echo $SCRATCH; pip_of $1 install", tmp_path, env={"TMPDIR": ""}).stdout.split()

    assert scratch.startswith("/var/tmp/hayakoe-daemon.")
    assert pip == scratch


ACCOUNTS = """
folder=$1
getent() { [ -e "$folder/$1-${*: -1}" ]; }
logname() { return 1; }
id() { case $1 in -u) [ -e "$folder/passwd-$3" ] && echo 998 ;; *) cat "$folder/groups-$3" 2>/dev/null ;; esac; }
groupadd() { touch "$folder/group-$2"; }
groupdel() { rm "$folder/group-$1"; }
useradd() { touch "$folder/passwd-hayakoe"; }
usermod() { [ "$1" != --append ] || echo "$3" >>"$folder/groups-$4"; [ "$1" != --gid ] || rm -f "$folder/primary"; }
userdel() { rm "$folder/passwd-$1"; [ ! -e "$folder/primary" ] || rm -f "$folder/group-$1"; }
gpasswd() { sed -i "/^$3$/d" "$folder/groups-$2"; }
touch "$folder/primary"
"""
"""Accounts as files. Like the real one, userdel takes a group of the user's name along while it is its primary one."""


def accounts(folder: Path) -> set[str]:
    groups = {f"{path.name}={path.read_text().split()}" for path in folder.glob("groups-*") if path.read_text()}
    return groups | {path.name for path in folder.iterdir() if path.name.startswith(("passwd", "group-"))}


@pytest.mark.parametrize(
    "before", [set(), {"group-hayakoe"}, {"group-hayakoe", "passwd-hayakoe"}], ids=["none", "a group", "both"]
)
@pytest.mark.parametrize("end", ["die no", "useradd() { kill -INT $$; }", "UNDO=()"])
def test_only_the_accounts_that_this_run_made_are_taken_back(tmp_path: Path, before: set[str], end: str) -> None:
    for name in (*before, "passwd-taro"):
        (tmp_path / name).touch()
    first, then = ("", end) if end != "useradd() { kill -INT $$; }" else (end, "die no")

    bash(f"{ACCOUNTS}{first}\nset_up_account; {then}", tmp_path, env={"SUDO_USER": "taro"})

    kept = {"group-hayakoe", "passwd-hayakoe", "groups-hayakoe=['audio']", "groups-taro=['hayakoe']"}
    assert accounts(tmp_path) == {"passwd-taro", *(kept if then == "UNDO=()" else before)}


def test_without_a_person_whom_it_could_join_it_says_how(tmp_path: Path) -> None:
    told = bash(f"{ACCOUNTS}set_up_account; UNDO=()", tmp_path, env={"SUDO_USER": "nobody-of-that-name"})

    assert told.returncode == 0, told.stderr
    assert "usermod --append --groups hayakoe NAME" in told.stderr


def test_a_person_who_cannot_join_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """As one whom LDAP or systemd-homed knows: usermod changes /etc/group for those of /etc/passwd alone."""
    (tmp_path / "passwd-taro").touch()
    cannot = 'eval "real_$(declare -f usermod)"; usermod() { [ "$4" != taro ] && real_usermod "$@"; }\n'

    told = bash(f"{ACCOUNTS}{cannot}set_up_account; UNDO=(); echo on", tmp_path, env={"SUDO_USER": "taro"})

    assert told.stdout == "on\n"
    assert "warning: that did not work" in told.stderr
    assert accounts(tmp_path) == {"passwd-taro", "group-hayakoe", "passwd-hayakoe", "groups-hayakoe=['audio']"}
