"""What an address may be: a file, the folder of a voice, the folder of a BERT, a store's own folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hayakoe_daemon.voice.store.bert_layouts import bert_at
from hayakoe_daemon.voice.store.bring import brought
from hayakoe_daemon.voice.store.fetch import FetchError
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.incoming import interrupted
from hayakoe_daemon.voice.store.layouts import Found, look
from hayakoe_daemon.voice.store.selection import Wanted
from hayakoe_daemon.voice.store.store import Store
from tests.support import voice_files as make
from tests.support.file_server import Fault, FileServer
from tests.voice.store.test_fetch import Watched


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    (tmp_path / "served").mkdir()
    with FileServer(tmp_path / "served") as server:
        yield server


def looked(where: str, store: Path, wanted: Wanted = Wanted.BOTH) -> Found:
    with brought(where, store, wanted, Watched()) as there:
        assert there.fetched
        return look(there.path)


def test_an_aivmx_file(server: FileServer, tmp_path: Path) -> None:
    make.aivmx_voice(server.folder / "Miku V3.aivmx")
    assert [one.voice.name for one in looked(f"{server.url}Miku%20V3.aivmx", tmp_path).voices] == ["miku-v3"]


def test_a_download_that_the_server_names(server: FileServer, tmp_path: Path) -> None:
    make.aivmx_voice(server.folder / "download")
    server.always["download"] = Fault(headers={"Content-Disposition": "attachment; filename*=UTF-8''Rin.aivmx"})
    address = f"{server.url}download?type=AIVMX"
    with suppress(LookupError), brought(address, tmp_path, Wanted.BOTH, Watched()) as there:
        assert there.path.name == "Rin.aivmx"
        raise LookupError  # such as a name that is taken
    assert [one.voice.name for one in looked(address, tmp_path).voices] == ["rin"]
    assert [request.status for request in server.asked("download")] == [200, 416]  # it came once


def test_the_folder_of_a_hayakoe_voice(server: FileServer, tmp_path: Path) -> None:
    make.hayakoe_voice(server.folder / "voices/miku")
    (found,) = looked(f"{server.url}voices/miku/", tmp_path).voices
    assert found.voice.name == "miku"
    assert found.voice.duration_predictor is not None


def test_the_folder_of_an_export(server: FileServer, tmp_path: Path) -> None:
    make.sbv2_voice(server.folder / "miku")
    assert [one.voice.synthesizer.name for one in looked(f"{server.url}miku/", tmp_path).voices] == ["miku.onnx"]


def test_a_folder_of_another_store_is_checked_by_its_manifest(server: FileServer, tmp_path: Path) -> None:
    store = Store(server.folder)
    source = look(make.sbv2_voice(tmp_path / "from/miku")).voices[0]
    store.add(source, name="miku", origin="here", now=datetime.now(UTC))
    assert looked(f"{server.url}miku/", tmp_path / "store").voices[0].voice.name == "miku"
    graph = server.folder / "miku/miku.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"?")
    with pytest.raises(FetchError, match="another SHA-256"):
        looked(f"{server.url}miku/", tmp_path / "store")


def test_a_bert_in_each_form(server: FileServer, tmp_path: Path) -> None:
    make.hayakoe_source(server.folder / "source")
    make.bert_folder(server.folder / "plain")
    Store(server.folder / "store").add_bert(bert_at(server.folder / "plain"), origin="x", now=datetime.now(UTC))
    for address, graph in (
        ("source/", "bert_q8.onnx"),
        ("plain/model.onnx", "model.onnx"),
        ("store/.bert/", "model.onnx"),
    ):
        with brought(server.url + address, tmp_path / "voices", Wanted.BERT, Watched()) as there:
            assert bert_at(there.path).model.name == graph


@pytest.mark.parametrize(
    ("address", "wanted", "words"),
    [
        ("nothing/", Wanted.BOTH, "has neither manifest.json nor config.json"),
        ("nothing.aivmx", Wanted.BOTH, "there is no such file"),
        ("half/", Wanted.BOTH, "has neither synthesizer.onnx nor half.onnx"),
        ("a.onnx", Wanted.BOTH, "is one .onnx file: an address must be"),
        ("a.zip", Wanted.BOTH, "is one .zip file"),
        ("nothing/", Wanted.BERT, "has neither manifest.json nor onnx/bert/q8"),
    ],
)
def test_what_is_not_there(server: FileServer, tmp_path: Path, address: str, wanted: Wanted, words: str) -> None:
    (make.sbv2_voice(server.folder / "half") / "half.onnx").unlink()
    with pytest.raises(VoiceError, match=words):
        looked(server.url + address, tmp_path, wanted)


def test_an_interrupted_voice_goes_on_with_the_file_it_had_come_to(server: FileServer, tmp_path: Path) -> None:
    make.hayakoe_voice(server.folder / "miku", weights=300_000)
    server.faults["miku/synthesizer.onnx"] = [Fault(cut_after=700_000), Fault(status=403)]
    with pytest.raises(FetchError, match="403"):
        looked(f"{server.url}miku/", tmp_path)
    (left,) = interrupted(tmp_path)
    assert left.address == f"{server.url}miku/"
    assert left.size > 700_000
    server.requests.clear()
    assert looked(f"{server.url}miku/", tmp_path).voices
    assert server.asked("miku/synthesizer.onnx")[0].headers["range"] == "bytes=700000-"
    assert [request.status for request in server.asked("miku/style_vectors.npy")] == [416]
    assert interrupted(tmp_path) == ()


def test_a_password_is_used_and_not_remembered(server: FileServer, tmp_path: Path) -> None:
    make.aivmx_voice(server.folder / "miku.aivmx")
    with brought(
        server.url.replace("http://", "http://me:secret@") + "miku.aivmx", tmp_path, Wanted.BOTH, Watched()
    ) as there:
        assert "secret" not in there.origin
        assert not any(b"secret" in file.read_bytes() for file in there.path.parent.rglob("*") if file.is_file())
    assert server.requests[0].headers["authorization"].startswith("Basic ")


def test_a_path_is_left_where_it_is(tmp_path: Path) -> None:
    with brought(str(tmp_path), tmp_path / "store", Wanted.BOTH, Watched()) as there:
        assert (there.path, there.origin, there.fetched) == (tmp_path, str(tmp_path), False)
    assert not (tmp_path / "store").exists()


def test_other_addresses(tmp_path: Path) -> None:
    for address, words in (
        ("s3://a/b", "s3:// is not known"),
        ("hf://alone", "expected hf://USER"),
        ("http://a.org/", "only https"),
    ):
        with pytest.raises(VoiceError, match=words):
            looked(address, tmp_path)
    shutil.rmtree(tmp_path / ".incoming", ignore_errors=True)
