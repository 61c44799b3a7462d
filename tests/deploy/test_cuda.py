"""deploy/cuda.sh: what can be tried without the network, and as a long test the whole way there and back."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from venv import EnvBuilder

import pytest
import yaml

from tests.support.installed import add_bert, add_voices

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy/cuda.sh"
PROVIDERS = "import onnxruntime; print(*onnxruntime.get_available_providers())"

x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the build for CUDA is there for x86-64 only")


def cuda(*arguments: object, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=timeout, cwd=ROOT
    )


def fake_venv(folder: Path, *, python: str = "py311") -> Path:
    """A folder whose Python says that it is of another version, and does nothing else."""
    program = folder / "bin/python"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho {python}\n")
    program.chmod(0o755)
    return folder


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / f"deploy/locks/{lock}.txt").read_text().splitlines()
    return dict(line.split(" ")[0].split("==") for line in lines if "==" in line)


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_shown_and_nothing_done(option: str) -> None:
    told = cuda(option)
    assert told.returncode == 0
    assert told.stdout.startswith("usage: deploy/cuda.sh")
    assert told.stderr == ""


@pytest.mark.parametrize("arguments", [["--und"], ["--venv"], ["--venv", ""], ["x"]])
def test_a_wrong_option_is_told(arguments: list[str]) -> None:
    told = cuda(*arguments)
    assert told.returncode == 2
    assert "usage: deploy/cuda.sh" in told.stderr


def test_without_a_virtual_environment_it_says_what_makes_one(tmp_path: Path) -> None:
    told = cuda("--venv", tmp_path)
    assert told.returncode == 1
    assert f"there is no virtual environment in {tmp_path}" in told.stderr


@x86
@pytest.mark.parametrize(
    ("user", "there", "chosen"),
    [
        (0, (".venv", "installed"), "installed"),
        (0, (".venv",), ".venv"),
        (1000, (".venv", "installed"), ".venv"),
        (1000, ("installed",), "installed"),
    ],
)
def test_with_sudo_the_service_is_meant_and_without_it_the_clone(
    tmp_path: Path, user: int, there: tuple[str, ...], chosen: str
) -> None:
    clone = tmp_path / "deploy"
    clone.mkdir()
    for name in ("cuda.sh", "lib.sh"):
        text = (ROOT / "deploy" / name).read_text().replace("/opt/hayakoe-daemon/current", str(tmp_path / "installed"))
        (clone / name).write_text(text)
    program = tmp_path / "bin/id"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho {user}\n")
    program.chmod(0o755)
    for name in there:
        fake_venv(tmp_path / name, python="py399")

    told = subprocess.run(
        ["bash", clone / "cuda.sh"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"},
    )

    assert f"error: {tmp_path / chosen} has a Python (py399)" in told.stderr


@x86
def test_a_python_that_nothing_is_locked_for_is_told(tmp_path: Path) -> None:
    told = cuda("--venv", fake_venv(tmp_path / "venv", python="py399"))
    assert told.returncode == 1
    assert "py399" in told.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_belongs_to_somebody_else_is_told_with_what_to_type(tmp_path: Path) -> None:
    venv = fake_venv(tmp_path / "venv")
    venv.chmod(0o500)
    told = cuda("--undo", "--venv", venv)
    assert told.returncode == 1
    assert f"sudo {SCRIPT} --undo --venv {venv}" in told.stderr


@x86
def test_what_cannot_be_fetched_changes_nothing(tmp_path: Path) -> None:
    """Its pip fails, as without a network; nothing of it is left."""
    venv = fake_venv(tmp_path / "venv")
    (venv / "bin/python").write_text(
        '#!/bin/sh\ncase "$1 $2" in -c*purelib*) echo "${0%/bin/*}/lib" ;;'
        ' -c*) echo py311 ;; "- "*) ;; *) exit 1 ;; esac\n'
    )
    told = cuda("--undo", "--venv", venv)
    assert told.returncode == 1
    assert "Nothing was changed" in told.stderr
    assert [path.name for path in venv.iterdir()] == ["bin"]


@x86
@pytest.mark.parametrize("missing", [None, "nvidia-cudnn-cu13"])
def test_without_nvidias_libraries_the_build_is_not_whole(tmp_path: Path, missing: str | None) -> None:
    """As it is where somebody put onnxruntime-gpu there by hand. Without a pip nothing is fetched."""
    EnvBuilder(symlinks=True).create(tmp_path / "venv")
    site = next((tmp_path / "venv/lib").glob("python*/site-packages"))
    (site / "onnxruntime.py").write_text("get_available_providers = lambda: ['CUDAExecutionProvider']\n")
    python = "py{}{}".format(*sys.version_info[:2])
    for name, version in pins(f"cuda-x86_64-{python}").items():
        if name != missing:
            info = site / f"{name.replace('-', '_')}-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    told = cuda("--venv", tmp_path / "venv")
    if missing is None:
        assert told.returncode == 0, told.stderr
        assert "already" in told.stderr
    else:
        assert told.returncode == 1
        assert "pip could not fetch all of it" in told.stderr


@pytest.mark.parametrize("python", ["py311", "py312", "py313"])
def test_the_lock_is_of_the_version_that_it_replaces(python: str) -> None:
    processor, card = pins(f"x86_64-{python}"), pins(f"cuda-x86_64-{python}")
    assert card["onnxruntime-gpu"] == processor["onnxruntime"]
    assert not card.keys() & processor.keys()
    assert {"nvidia-cublas", "nvidia-cudnn-cu13", "nvidia-cuda-runtime", "nvidia-curand"} < card.keys()


@x86
@pytest.mark.parametrize("link", [False, True])
def test_the_service_is_given_the_card_also_where_opt_is_a_link(tmp_path: Path, link: bool) -> None:
    """The build is there already; what is left to do is the drop-in."""
    clone, opt, disk = tmp_path / "clone", tmp_path / "opt", tmp_path / ("disk" if link else "opt")
    shutil.copytree(ROOT / "deploy", clone / "deploy")
    shutil.copytree(ROOT / "systemd", clone / "systemd")
    text = SCRIPT.read_text().replace("/opt/hayakoe-daemon/current", f"{opt}/program/current")
    (clone / "deploy/cuda.sh").write_text(text.replace("/etc/systemd/system", f"{tmp_path}/etc"))
    python = disk / "program/current/bin/python"
    python.parent.mkdir(parents=True)
    lock = (ROOT / "deploy/locks/cuda-x86_64-py311.txt").read_text()
    version = re.search(r"^onnxruntime-gpu==(\S+)", lock, re.MULTILINE)
    assert version is not None
    python.write_text(
        '#!/bin/sh\ncase "$*" in *version_info*) echo py311 ;; *purelib*) echo "${0%/bin/python}/lib" ;; '
        f"-) echo onnxruntime-gpu {version[1]} ;; esac\n"
    )
    python.chmod(0o755)
    if link:
        opt.symlink_to(disk)

    told = subprocess.run(
        [clone / "deploy/cuda.sh", "--venv", opt / "program/current"], capture_output=True, text=True, check=False
    )

    assert "already" in told.stderr, told.stderr
    assert (tmp_path / "etc/hayakoe-daemon.service.d/cuda.conf").exists()


@x86
@pytest.mark.long
def test_there_and_back_with_speech_on_the_processor_meanwhile(tmp_path: Path) -> None:
    """In a copy of the environment that these tests run in; 1.4 GB come from the network."""
    venv = tmp_path / "venv"
    shutil.copytree(sys.prefix, venv, symlinks=True)
    python = venv / "bin/python"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, *map(str, arguments)], capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
        )

    told = cuda("--venv", venv, timeout=1800)
    if "pip could not fetch" in told.stderr:
        pytest.skip("the packages cannot be fetched here")
    assert told.returncode == 0, told.stderr
    assert "CUDAExecutionProvider" in run("-c", PROVIDERS).stdout

    add_bert(tmp_path / "voices")
    add_voices(tmp_path / "voices", "alpha")
    config = tmp_path / "config.yaml"
    voices = {"dir": "voices", "device": "cuda"}
    config.write_text(yaml.safe_dump({"state_dir": "state", "speech": {"voice": "alpha"}, "voices": voices}))
    said = run("-m", "hayakoe_daemon", "say", "--wav", tmp_path / "said.wav", "--config", config, "明日は晴れです。")
    assert said.returncode == 0, said.stderr
    assert (tmp_path / "said.wav").stat().st_size > 10_000
    if "it speaks on the processor" in told.stderr or "speak on the processor" in told.stderr:  # there is no card
        assert said.stderr.count("graphics card is not used") == 1
        assert len(said.stderr.splitlines()) == 1

    assert cuda("--venv", venv, "--undo", timeout=600).returncode == 0
    assert "CUDAExecutionProvider" not in run("-c", PROVIDERS).stdout
    assert run("-m", "hayakoe_daemon", "check-config", "--config", config).returncode == 0
