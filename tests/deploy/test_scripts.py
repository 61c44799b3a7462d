"""The scripts of deploy/: what of them can be tried without installing anything."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import patient

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
INSIDE = "check-install/run.sh"
"""What runs in a container; whatever else lies in the folders is part of other scripts."""
SCRIPTS = [*sorted(DEPLOY.glob("*.sh")), DEPLOY / INSIDE, *ROOT.glob(".ci/run")]  # the latter is in no release


def bash(script: str, *arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a piece of bash with lib.sh sourced."""
    return subprocess.run(
        ["bash", "-c", f". {DEPLOY}/lib.sh\n{script}", "bash", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=patient(60),
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )


def test_shellcheck_finds_nothing() -> None:
    parts = sorted(DEPLOY.glob("*/*.sh"))  # each by itself too: not all of them are named where they are sourced
    told = subprocess.run(
        ["shellcheck", "-a", "-x", *SCRIPTS, *parts], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert told.stdout + told.stderr == ""


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path.name != "lib.sh"], ids=lambda path: path.name)
def test_it_can_be_run(script: Path) -> None:
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize(
    "name", [INSIDE, *(path.name for path in SCRIPTS if path.parent == DEPLOY and path.name != "lib.sh")]
)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_shown_and_nothing_done(name: str, option: str, tmp_path: Path) -> None:
    told = subprocess.run([DEPLOY / name, option], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert told.returncode == 0
    assert told.stdout.startswith(f"usage: deploy/{name}")
    assert told.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["online"], ["upgrade"]])
def test_what_is_for_the_container_does_nothing_elsewhere(arguments: list[str], tmp_path: Path) -> None:
    told = subprocess.run([DEPLOY / INSIDE, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert (told.returncode, told.stdout) == (1, "")
    assert "for the container of deploy/check-install.sh alone" in told.stderr


@pytest.mark.parametrize("arguments", [["--onec", "x"], ["--once"], ["--once", ""], ["--broker", "host:"], ["x"]])
def test_a_wrong_option_is_told_before_anything_is_installed(arguments: list[str]) -> None:
    told = subprocess.run([DEPLOY / "try.sh", *arguments], capture_output=True, text=True, check=False)

    assert told.returncode == 2
    assert "usage: deploy/try.sh" in told.stderr


@pytest.mark.parametrize("arguments", [["--release", "sid"], ["--only", "tree,nothing"], ["--folder"], ["x"]])
def test_the_check_of_arm64_tells_a_wrong_option_before_it_does_anything(arguments: list[str]) -> None:
    told = subprocess.run([DEPLOY / "check-arm64.sh", *arguments], capture_output=True, text=True, check=False)

    assert told.returncode == 2
    assert "usage: deploy/check-arm64.sh" in told.stderr


@pytest.mark.skipif(os.geteuid() != 0 or platform.machine() != "x86_64", reason="for root on x86-64")
@pytest.mark.parametrize("others", ["", "photos", "lock.jpg"])
def test_the_check_of_arm64_takes_away_what_it_has_made(tmp_path: Path, others: str) -> None:
    folder = tmp_path / "data"
    for name in ("tree/usr", "here", "there", "apt.x7Ybc2"):
        (folder / name).mkdir(parents=True)
    for name in ("qemu-aarch64", "apt.log", "debootstrap.log", "pip.log", *([others] if others else [])):
        (folder / name).touch()

    subprocess.run([DEPLOY / "check-arm64.sh", "--folder", folder, "--remove"], check=True)

    assert [path.name for path in folder.iterdir()] == [others] if others else not folder.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--day", "3"], ["--days"], ["--days", "0"], ["--says", "many"], ["--faults", "1,5"], ["--calm", "x"], ["3"]),
        *(["--calm", "7-4"], ["--calm", "10-9"]),
        *(["--json", ""], ["--json", "/no/such/folder/figures.json"], ["--voice", "--keep"], ["--keep", "/"]),
    ],
)
def test_the_soak_tells_a_wrong_option_before_anything_is_installed(arguments: list[str]) -> None:
    told = subprocess.run([DEPLOY / "soak.sh", *arguments], capture_output=True, text=True, check=False)

    assert told.returncode == 2
    assert "usage: deploy/soak.sh" in told.stderr


def test_the_paths_of_the_soak_are_from_where_one_stands(tmp_path: Path) -> None:
    """Its python says what it was given; the clone is one of its own, in which nothing is to be installed."""
    clone, here = tmp_path / "clone", tmp_path / "here"
    (clone / "deploy").mkdir(parents=True)
    here.mkdir()
    (clone / "deploy/soak.sh").write_bytes((DEPLOY / "soak.sh").read_bytes())
    (clone / "deploy/lib.sh").write_text(
        f"ROOT={clone}; set_up_system() {{ :; }}\n"
        "set_up_venv() { mkdir -p .venv/bin; cp /bin/echo .venv/bin/python; }\n"
    )

    told = subprocess.run(
        ["bash", clone / "deploy/soak.sh", "--days", "2", "--voice", "--json", "a.json", "--keep", "../life"],
        capture_output=True,
        text=True,
        check=True,
        cwd=here,
    )

    assert told.stdout == f"-m tests.soak --days 2 --voice --json {here}/a.json --keep {tmp_path}/life\n"


def test_the_folder_for_sound_is_from_where_one_stands(tmp_path: Path) -> None:
    """A clone of its own again, in which the daemon ends at once."""
    clone, here = tmp_path / "clone", tmp_path / "here"
    (clone / "deploy").mkdir(parents=True)
    (clone / ".venv/bin").mkdir(parents=True)
    here.mkdir()
    (clone / "deploy/try.sh").write_bytes((DEPLOY / "try.sh").read_bytes())
    (clone / "deploy/lib.sh").write_text(
        f". {DEPLOY}/lib.sh\nROOT={clone} VENV={clone}/.venv\nset_up_system() {{ :; }}\nset_up_venv() {{ :; }}\n"
    )
    (clone / ".venv/bin/python").symlink_to(sys.executable)
    for name in ("hayakoe-daemon", "mosquitto_sub"):
        program(clone / ".venv/bin" / name, "exit 1")

    told = subprocess.run(
        ["bash", clone / "deploy/try.sh", "--once", "x", "--broker", "nowhere", "--device", "wav:said here"],
        capture_output=True,
        text=True,
        check=False,
        cwd=here,
        env={"PATH": f"{clone}/.venv/bin:/usr/bin:/bin"},
    )

    assert "the daemon has ended" in told.stderr
    assert f'device: "wav:{here}/said here"' in (clone / ".try/config.yaml").read_text()
    assert (here / "said here").is_dir()


def fake_python(folder: Path, name: str, version: tuple[int, int]) -> None:
    """A Python that claims to be of that version."""
    file = folder / name
    file.write_text(
        f'#!/bin/sh\nshift\nexec {sys.executable} -c "import sys; sys.version_info = {(*version, 0)}; $*"\n'
    )
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ({"python3": (3, 11), "python3.13": (3, 13)}, "python3"),
        ({"python3": (3, 9), "python3.11": (3, 11), "python3.12": (3, 12)}, "python3.12"),
        ({"python3": (3, 14), "python3.13": (3, 13)}, "python3.13"),
        ({"python3": (3, 14)}, None),
        ({}, None),
    ],
)
def test_the_right_python_is_found(tmp_path: Path, there: dict[str, tuple[int, int]], found: str | None) -> None:
    for name, version in there.items():
        fake_python(tmp_path, name, version)

    told = bash("PATH=$1; find_python", tmp_path)

    assert (told.returncode, told.stdout.strip()) == ((0, str(tmp_path / found)) if found else (1, ""))


PLAIN_POLICY = """
POLICY=$1/policy-rc.d POLICY_BEFORE=$1/policy-rc.d.before
as_root() { "$@"; }
systemctl() { echo "systemctl $*" >>"$POLICY.log"; }
"""
ASK = 'ask() { for s in mosquitto mosquitto.service ssh; do rc=0; "$POLICY" $s start || rc=$?; echo "$s $rc"; done; }\n'


def test_only_mosquitto_is_kept_from_starting_and_nothing_is_left(tmp_path: Path) -> None:
    told = bash(PLAIN_POLICY + ASK + "without_starting_mosquitto ask", tmp_path)

    assert told.stdout.splitlines() == ["mosquitto 101", "mosquitto.service 101", "ssh 0"]
    assert [path.name for path in tmp_path.iterdir()] == ["policy-rc.d.log"]
    assert (tmp_path / "policy-rc.d.log").read_text() == "systemctl disable mosquitto.service\n"


def test_a_policy_of_the_machine_is_asked_and_comes_back(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o755)

    told = bash(PLAIN_POLICY + ASK + "without_starting_mosquitto ask", tmp_path)

    assert told.stdout.splitlines() == ["mosquitto 101", "mosquitto.service 101", "ssh 104"]
    assert policy.read_text() == "#!/bin/sh\nexit 104\n"


@pytest.mark.parametrize("end", ["exit 3", "kill -TERM $$", "kill -INT $$", "false"])
def test_the_policy_comes_back_however_the_installation_ends(tmp_path: Path, end: str) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("of the machine")

    told = bash(PLAIN_POLICY + f"broken() {{ {end}; }}\nwithout_starting_mosquitto broken", tmp_path)

    assert told.returncode != 0
    assert policy.read_text() == "of the machine"
    assert [path.name for path in tmp_path.iterdir()] == ["policy-rc.d"]


def test_what_a_killed_run_left_behind_is_put_right(tmp_path: Path) -> None:
    (tmp_path / "policy-rc.d.before").write_text("of the machine")
    (tmp_path / "policy-rc.d").write_text("#!/bin/sh\n# by hayakoe-daemon, for the time of one apt-get\n")

    bash(PLAIN_POLICY + "without_starting_mosquitto true", tmp_path)

    assert (tmp_path / "policy-rc.d").read_text() == "of the machine"


VENV = """
ROOT=$1 VENV=$1/.venv
find_python() { echo fake; }
fake() {
    [ "$1" != -c ] || { echo "3.x"; return; }
    echo "made venv" >&2
    mkdir -p "$VENV/bin"
    printf '#!/bin/sh\\necho "installed $*" >&2\\nexit %s\\n' "${PIP:-0}" >"$VENV/bin/python"
    chmod +x "$VENV/bin/python"
}
"""


def steps(told: subprocess.CompletedProcess[str]) -> list[str]:
    return [line.split()[0] for line in told.stderr.splitlines() if line.startswith(("made", "installed"))]


def test_a_second_run_does_nothing_and_a_change_installs_again(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text("a")
    assert steps(bash(VENV + "set_up_venv run", tmp_path)) == ["made", "installed"]
    assert steps(bash(VENV + "set_up_venv run", tmp_path)) == []
    assert steps(bash(VENV + "set_up_venv dev", tmp_path)) == ["installed"]
    assert steps(bash(VENV + "set_up_venv run", tmp_path)) == []
    project.write_text("b")
    assert steps(bash(VENV + "set_up_venv run", tmp_path)) == ["installed"]


def test_an_interrupted_installation_is_not_taken_for_whole(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("a")

    failed = bash(VENV + "set_up_venv run", tmp_path, env={"PIP": "1"})

    assert failed.returncode == 1
    assert "pip could not install" in failed.stderr
    assert steps(bash(VENV + "set_up_venv run", tmp_path)) == ["made", "installed"]


def outcome(tmp_path: Path, *events: tuple[str, object]) -> str:
    file = tmp_path / "messages"
    file.write_text("".join(f"hayakoe/try/{topic} {json.dumps(payload)}\n" for topic, payload in events))
    return subprocess.run(
        [sys.executable, DEPLOY / "outcome.py", file, "a1"], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_outcome_is_the_end_of_that_announcement(tmp_path: Path) -> None:
    started = ("event", {"event_type": "started", "id": "a1"})
    other = ("event", {"event_type": "failed", "id": "a2"})
    finished = ("event", {"event_type": "finished", "id": "a1", "note": "muted"})

    assert outcome(tmp_path, ("status", "online"), started, other) == ""
    assert outcome(tmp_path, started, finished, other) == "finished: muted"


def test_a_refusal_is_an_outcome_and_other_troubles_are_none(tmp_path: Path) -> None:
    refused = ("error", {"code": "bad_field", "message": "text is too long", "source": "mqtt"})
    trouble = ("error", {"code": "journal", "message": "the disk is full"})
    accepted = ("event", {"event_type": "accepted", "id": "a1"})

    assert outcome(tmp_path, trouble) == ""
    assert outcome(tmp_path, trouble, refused) == "refused: text is too long"
    assert outcome(tmp_path, refused, accepted) == ""


def test_half_a_line_is_no_outcome(tmp_path: Path) -> None:
    file = tmp_path / "messages"
    file.write_text('hayakoe/try/event {"event_type": "finished", "id": "a1"')

    told = subprocess.run(
        [sys.executable, DEPLOY / "outcome.py", file, "a1"], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == ""


def test_without_a_card_one_line_says_so(tmp_path: Path) -> None:
    """Whatever else was asked for, nothing is looked at or installed."""
    hidden = tmp_path / "nvidia-smi"
    hidden.write_text("#!/bin/sh\nexit 9\n")
    hidden.chmod(0o755)
    told = subprocess.run(
        [DEPLOY / "cuda_bench.sh", "--python", "/no/such/python", "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )

    assert told.returncode == 77
    assert told.stdout == ""
    assert len(told.stderr.splitlines()) == 1
    assert "nothing was tested or measured" in told.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["--runs"], ["--models", ""], ["--gpu", "0"]])
def test_the_bench_tells_a_wrong_option(arguments: list[str]) -> None:
    told = subprocess.run([DEPLOY / "cuda_bench.sh", *arguments], capture_output=True, text=True, check=False)

    assert told.returncode == 2
    assert "usage: deploy/cuda_bench.sh" in told.stderr


def program(file: Path, script: str) -> None:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.mark.parametrize("given", [True, False])
def test_the_bench_prepares_where_there_is_room_and_leaves_nothing(tmp_path: Path, given: bool) -> None:
    """Not in /tmp, which is memory on Debian 13."""
    program(tmp_path / "nvidia-smi", "echo 'NVIDIA Card'")
    program(tmp_path / "python", f'case "$*" in *--prepared*) echo "$PYTHONPATH $*" >{tmp_path}/told ;; esac')
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path), "PYTHONPATH": "/packages"}
    if not given:
        del env["TMPDIR"]

    subprocess.run(
        [DEPLOY / "cuda_bench.sh", "--python", tmp_path / "python", "--out", tmp_path / "out", "--skip-tests"],
        capture_output=True,
        check=True,
        env=env,
    )

    found_by, *_, last = (tmp_path / "told").read_text().split()
    assert found_by == "/packages"  # of the Python that was named
    prepared = Path(last)
    assert prepared.parents[1] == (tmp_path if given else Path("/var/tmp"))
    assert not prepared.parent.exists()
