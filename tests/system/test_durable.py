"""A file that was written is there after a power cut: its bytes before its name, and its name as well."""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from hayakoe_daemon.home_assistant_memory import Told
from hayakoe_daemon.overrides import Overrides
from hayakoe_daemon.schedule.alarm_book import AlarmBook
from hayakoe_daemon.schedule.alarm_fields import read_alarm_fields
from hayakoe_daemon.schedule.sources.cupboard import Cupboard
from hayakoe_daemon.schedule.sources.fetched import Fetched
from hayakoe_daemon.system.durable import replace_durably, to_disk
from hayakoe_daemon.voice.loadings import Loadings
from hayakoe_daemon.word_change import AddWord
from hayakoe_daemon.words import WordBook

Synced = list[tuple[str, list[str]]]
"""What was synced, by name, and the names in the folder by then."""


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Synced:
    seen: Synced = []
    really = os.fsync

    def watched(descriptor: int) -> None:
        really(descriptor)
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        seen.append((name, sorted(one.name for one in tmp_path.iterdir())))

    monkeypatch.setattr(os, "fsync", watched)
    return seen


def test_the_bytes_reach_the_disk_and_then_the_name(tmp_path: Path, synced: Synced) -> None:
    path = tmp_path / "kept.json"
    path.write_bytes(b"old")
    replace_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert synced == [("kept.json.new", ["kept.json", "kept.json.new"]), (tmp_path.name, ["kept.json"])]


def _alarm(folder: Path) -> None:
    AlarmBook(folder / "kept", {}).put("wake", read_alarm_fields({"time": "06:45", "text": "おはよう。"}))


def _override(folder: Path) -> None:
    Overrides(folder / "kept", lambda *_: True).set("volume", 40, 80)


def _word(folder: Path) -> None:
    assert WordBook(folder / "kept", lambda _: None, lambda _: None).change(AddWord("早苗", "サナエ", 0))


def _death(folder: Path) -> None:
    Loadings(folder / "kept").begin("alpha")


def _told(folder: Path) -> None:
    Told(folder, "this").note(["homeassistant/device/x/config"], {})


def _source(folder: Path) -> None:
    Cupboard(folder).put("kept", Fetched(b"{}", 1.0, "here", None))


@pytest.mark.parametrize("keep", [_alarm, _override, _word, _death, _told, _source])
def test_what_the_house_keeps_is_durable_when_it_says_so(
    keep: Callable[[Path], None], tmp_path: Path, synced: Synced
) -> None:
    keep(tmp_path)
    assert synced[-1] == (tmp_path.name, sorted(one.name for one in tmp_path.iterdir()))
    assert [name for name, _ in synced[:-1]] == [f"{one.name}.new" for one in tmp_path.iterdir()]


def test_a_disk_that_takes_half_a_file_keeps_the_old_one_and_no_half(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large") as raised:
            replace_durably(path, bytes(20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert raised.value.errno == errno.EFBIG
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_that_cannot_be_asked_does_not_fail() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        os.fsync(os.open("/proc", os.O_RDONLY))
    to_disk(Path("/proc"))
