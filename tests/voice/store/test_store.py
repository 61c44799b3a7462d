"""Voices land in the store whole or not at all, and anything less than what was added is never loaded."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hayakoe_daemon.voice.store import landing
from hayakoe_daemon.voice.store.bert_layouts import bert_at
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.incoming import forget, incoming, interrupted
from hayakoe_daemon.voice.store.layouts import VoiceSource, look
from hayakoe_daemon.voice.store.store import Store
from tests.support import voice_files as make

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state/voices")


@pytest.fixture
def miku(tmp_path: Path) -> VoiceSource:
    return look(make.hayakoe_voice(tmp_path / "from/miku")).voices[0]


def add(store: Store, source: VoiceSource, name: str = "miku", *, again: bool = False, move: bool = False) -> None:
    store.add(source, name=name, origin="/from/miku", now=NOW, replace_it=again, move=move)


@pytest.mark.parametrize("layout", ["hayakoe", "sbv2", "aivmx"])
def test_a_voice_of_each_layout_comes_back_as_it_was(tmp_path: Path, store: Store, layout: str) -> None:
    made = {
        "hayakoe": lambda: make.hayakoe_voice(tmp_path / "rin"),
        "sbv2": lambda: make.sbv2_voice(tmp_path / "rin"),
        "aivmx": lambda: make.aivmx_voice(tmp_path / "rin.aivmx"),
    }[layout]()
    (source,) = look(made).voices
    add(store, source, "other-name")
    loaded = store.load("other-name")
    assert loaded.name == "other-name"
    assert loaded.layout is source.voice.layout
    assert loaded.config == source.voice.config
    assert (loaded.style_vectors == source.voice.style_vectors).all()
    assert loaded.synthesizer.read_bytes() == source.voice.synthesizer.read_bytes()
    assert (loaded.duration_predictor is None) == (source.voice.duration_predictor is None)
    assert made.exists()
    assert store.names() == ("other-name",)


def test_a_folder_that_may_not_be_looked_into_is_told_and_the_others_speak(
    store: Store, miku: VoiceSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, miku)
    add(store, miku, "rin")
    make.forbid(store.folder / "miku", monkeypatch)
    assert store.names() == ("miku", "rin")
    with pytest.raises(VoiceError, match=r"miku.*Permission denied"):
        store.load("miku")
    assert store.load("rin").name == "rin"
    with pytest.raises(VoiceError, match='there is a voice "miku" already'):
        add(store, miku)


def test_the_manifest_says_what_was_added(store: Store, miku: VoiceSource) -> None:
    (miku.files[0].parent / "LICENSE").write_text("CC BY 4.0")
    add(store, look(miku.files[0].parent).voices[0])
    manifest = store.manifest("miku")
    assert (manifest.kind, manifest.source, manifest.added, manifest.licence) == (
        "hayakoe",
        "/from/miku",
        NOW,
        "CC BY 4.0",
    )
    assert sorted(file.name for file in manifest.files) == sorted(file.name for file in miku.files)
    assert manifest.size == sum(file.stat().st_size for file in miku.files)
    store.verify("miku")


def test_the_daemon_as_another_user_may_read_it(store: Store, miku: VoiceSource) -> None:
    before = os.umask(0o077)
    try:
        for file in miku.files:
            file.chmod(0o600)
        add(store, miku)
    finally:
        os.umask(before)
    assert {folder.stat().st_mode & 0o777 for folder in (store.folder, store.folder / "miku")} == {0o755}
    assert {file.stat().st_mode & 0o777 for file in (store.folder / "miku").iterdir()} == {0o644}


def test_a_name_that_is_taken_reserved_or_none(store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    for name, words in (
        ("miku", "there is a voice"),
        ("embedded", "always there"),
        ("ミク", "not a name"),
        ("..", "not a name"),
        ("a" * 33, "not a name"),
    ):
        with pytest.raises(VoiceError, match=words):
            add(store, miku, name)
    assert store.names() == ("miku",)


def test_a_voice_in_the_place_of_another(tmp_path: Path, store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    (other,) = look(make.sbv2_voice(tmp_path / "other", weights=30_000)).voices
    add(store, other, again=True)
    assert store.load("miku").synthesizer.name == "other.onnx"
    assert not (store.folder / "miku/synthesizer.onnx").exists()
    assert visible(store) == {"miku"}


def visible(store: Store) -> set[str]:
    return {one.name for one in store.folder.iterdir()} - {".lock"}


def test_remove(store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    store.remove("miku")
    assert store.names() == ()
    assert visible(store) == set()
    for name in ("miku", "../voices/miku", ".bert"):
        with pytest.raises(VoiceError, match="there is no voice"):
            store.remove(name)


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda v: (v / "synthesizer.onnx").unlink(), "synthesizer.onnx: No such file"),
        (lambda v: os.truncate(v / "synthesizer.onnx", 5000), "has 5000 bytes, it had"),
        (lambda v: (v / "style_vectors.npy").write_bytes(b""), "has 0 bytes"),
        (lambda v: (v / "manifest.json").write_text("{"), "is not JSON"),
        (lambda v: (v / "manifest.json").write_text('{"format": 9}'), "has format 9, expected 1"),
        (lambda v: (v / "manifest.json").write_text('{"format": 1}'), "lacks kind"),
    ],
)
def test_what_is_not_whole_any_more_is_not_loaded(
    store: Store, miku: VoiceSource, harm: Callable[[Path], object], words: str
) -> None:
    add(store, miku)
    harm(store.folder / "miku")
    with pytest.raises(VoiceError, match=words):
        store.load("miku")
    assert store.names() == ("miku",)


def test_a_changed_byte_is_found_by_verify(store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    _flip(store.folder / "miku/synthesizer.onnx")
    store.load("miku")
    with pytest.raises(VoiceError, match=r"synthesizer.onnx is not what was added"):
        store.verify("miku")


def test_a_manifest_leads_to_no_file_elsewhere(store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    file = store.folder / "miku/manifest.json"
    manifest = json.loads(file.read_text())
    manifest["files"][0]["name"] = "../../secret"
    file.write_text(json.dumps(manifest))
    with pytest.raises(VoiceError, match="not a plain file name"):
        store.load("miku")


def test_what_is_no_voice_is_no_name(store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    (store.folder / "by-hand").mkdir()
    (store.folder / "Loud").mkdir()
    assert store.names() == ("miku",)
    with pytest.raises(VoiceError, match="there is no voice"):
        store.load("by-hand")


def test_the_bert_is_one_for_all(tmp_path: Path, store: Store) -> None:
    assert store.bert() is None
    assert store.bert_manifest() is None
    store.add_bert(bert_at(make.bert_folder(tmp_path / "bert")), origin="somewhere", now=NOW)
    first = store.bert()
    assert first is not None
    assert first.model.name == "model.onnx"
    assert (first.tokenizer / "vocab.txt").exists()
    assert store.names() == ()
    smaller = bert_at(make.hayakoe_source(tmp_path / "source"))
    store.add_bert(smaller, origin="elsewhere", now=NOW)
    second = store.bert()
    assert second is not None
    assert second.model.name == "bert_q8.onnx"
    store.verify_bert()
    _flip(second.model)
    with pytest.raises(VoiceError, match="not what was added"):
        store.verify_bert()
    os.truncate(second.model, 100)
    with pytest.raises(VoiceError, match="has 100 bytes"):
        store.bert()


def test_a_source_that_shrinks_while_it_is_copied_is_not_added(store: Store, miku: VoiceSource) -> None:
    os.truncate(miku.voice.synthesizer, 9000)
    with pytest.raises(VoiceError, match="not a complete ONNX file"):
        add(store, miku)
    assert visible(store) == set()


def test_a_disk_that_cannot_be_written(tmp_path: Path, miku: VoiceSource) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VoiceError, match="cannot write into"):
        add(Store(tmp_path / "file/voices"), miku)


def test_a_disk_that_is_full(tmp_path: Path, store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    (large,) = look(make.hayakoe_voice(tmp_path / "rin", weights=600_000)).voices
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(VoiceError, match=r"cannot write .*rin: File too large"):
            add(store, large, "rin")
        with pytest.raises(VoiceError, match=r"cannot write .*miku: File too large"):
            add(store, large, again=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert visible(store) == {"miku"}
    store.verify("miku")


def test_leftovers_of_whoever_was_interrupted_are_put_right(store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    add(store, miku, "rin")
    (store.folder / "miku").rename(store.folder / ".old-miku")  # between the two renames of a replacement
    shutil.copytree(store.folder / "rin", store.folder / ".old-rin")
    (store.folder / ".new-len").mkdir()
    (store.folder / ".new-len/half").touch()
    assert store.names() == ("rin",)
    add(store, miku, "luka")
    assert store.names() == ("luka", "miku", "rin")
    assert visible(store) == {"luka", "miku", "rin"}


def test_one_command_at_a_time(store: Store, miku: VoiceSource) -> None:
    add(store, miku)
    with landing.locked(store.folder), pytest.raises(VoiceError, match="another command is changing the voices"):
        store.remove("miku")
    store.remove("miku")


_COPY_AND_DIE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from hayakoe_daemon.voice.store.layouts import look
from hayakoe_daemon.voice.store.store import Store
store, source, left = Store(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])
def watch(size):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
store.add(look(source).voices[0], name="rin", origin="x", now=datetime.now(UTC), watch=watch)
"""


@pytest.mark.parametrize("steps", [0, 2, 3])
def test_killed_while_it_copies(tmp_path: Path, store: Store, miku: VoiceSource, steps: int) -> None:
    add(store, miku)
    made = make.hayakoe_voice(tmp_path / "rin", weights=600_000)
    arguments = [sys.executable, "-c", _COPY_AND_DIE, str(store.folder), str(made), str(steps)]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert store.names() == ("miku",)
    assert (store.folder / ".new-rin").exists()
    add(store, look(made).voices[0], "rin")
    assert store.load("rin").synthesizer.stat().st_size > 2_000_000
    assert visible(store) == {"miku", "rin"}


def test_downloads_that_were_interrupted_are_kept_and_told(tmp_path: Path) -> None:
    address = "https://example.org/miku.aivmx"
    with suppress(VoiceError), incoming(tmp_path, address) as folder:
        (folder / "miku.aivmx").write_bytes(b"1234")
        raise VoiceError("the network went away")
    (left,) = interrupted(tmp_path)
    assert (left.address, left.size) == (address, 4)
    with incoming(tmp_path, address) as again:
        assert (again / "miku.aivmx").read_bytes() == b"1234"
        with pytest.raises(VoiceError, match="another command is fetching"), incoming(tmp_path, address):
            pass
        with pytest.raises(VoiceError, match="another command is fetching"):
            forget(tmp_path, address)
    assert interrupted(tmp_path) == ()
    assert not forget(tmp_path, address)


def test_a_download_of_which_nothing_came_leaves_nothing(tmp_path: Path) -> None:
    with suppress(VoiceError), incoming(tmp_path, "https://example.org/miku.aivmx"):
        raise VoiceError("there is no such file")
    assert interrupted(tmp_path) == ()
