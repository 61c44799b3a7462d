"""The key changes with what the files have to fit; hashes are remembered; memory is what the system tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hayakoe_daemon.voice.prepare import machine, memory
from hayakoe_daemon.voice.prepare.errors import PreparationError
from hayakoe_daemon.voice.prepare.machine import Hashes

X86 = "processor : {core}\nmodel name : Some Core\nflags : sse avx2 {flag}\ncpu MHz : {core}000\n\n"
ARM = "processor : 0\nBogoMIPS : 108.00\nFeatures : fp asimd {flag}\nCPU implementer : 0x41\nCPU part : 0xd08\n"


def cpuinfo(folder: Path, text: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", [X86, ARM])
def test_another_processor_is_another_key(tmp_path: Path, text: str) -> None:
    def key(flag: str, cores: int = 1) -> str:
        return machine.key(
            ["a"], cpuinfo=cpuinfo(tmp_path, "".join(text.format(core=n, flag=flag) for n in range(cores)))
        )

    assert key("fma") == key("fma", cores=4)
    assert key("fma") != key("asimddp")


def test_another_file_choice_or_recipe_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {machine.key(["a"]), machine.key(["b"]), machine.key(["a"], "int8")}
    monkeypatch.setattr(machine, "RECIPE", machine.RECIPE + 1)
    keys.add(machine.key(["a"]))
    monkeypatch.setattr(machine, "version", lambda name: f"{name} 99")
    keys.add(machine.key(["a"]))
    assert len(keys) == 5


def test_a_hash_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    file, kept = tmp_path / "a", tmp_path / "hashes.json"
    file.write_bytes(b"one")
    first = Hashes(kept).of(file)
    kept.write_text(kept.read_text().replace(first, "f" * 64))
    assert Hashes(kept).of(file) == "f" * 64  # believed without reading the file
    os.utime(file, ns=(1, 1))
    assert Hashes(kept).of(file) == first
    file.write_bytes(b"two")
    assert Hashes(kept).of(file) != first


@pytest.mark.parametrize("garbage", ["", "[]", '{"a": 3}', '{"a": [1, 2, 3, 4]}', "\0"])
def test_a_damaged_list_of_hashes_costs_nothing_but_time(tmp_path: Path, garbage: str) -> None:
    file, kept = tmp_path / "a", tmp_path / "hashes.json"
    file.write_bytes(b"one")
    kept.write_text(garbage)
    assert Hashes(kept).of(file) == Hashes(tmp_path / "others.json").of(file)


def proc(folder: Path, available: int) -> Path:
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {available} kB\n")
    (folder / "proc/self/cgroup").write_text("0::/a.slice/b.service\n")
    return folder / "proc"


def test_memory_is_what_the_machine_and_its_limits_leave(tmp_path: Path) -> None:
    there = proc(tmp_path, 2000)
    assert memory.available(there, tmp_path / "cgroup") == 2000 * 1024
    slice_ = tmp_path / "cgroup/a.slice"
    (slice_ / "b.service").mkdir(parents=True)
    for folder, limit in ((slice_, "900000"), (slice_ / "b.service", "max")):
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text("500000\n")
        (folder / "memory.stat").write_text("anon 400000\nfile 100000\n")
    assert memory.available(there, tmp_path / "cgroup") == 500_000
    assert memory.available(tmp_path / "nothing", tmp_path / "cgroup") is None


def test_only_what_is_known_to_be_too_little_is_refused() -> None:
    memory.require(10**12, "it", None)
    memory.require(1000, "it", 1000)
    with pytest.raises(PreparationError, match=r"preparing it takes about 5 MB of memory and 4 MB are free"):
        memory.require(5_000_000, "it", 4_999_999)


def test_the_peak_of_this_process_is_known() -> None:
    assert memory.peak() > 10_000_000
    memory.give_back()
