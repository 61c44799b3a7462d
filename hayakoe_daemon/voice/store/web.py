"""Voices and BERTs at an https address: one file, or a folder whose files have names that are known."""

from __future__ import annotations

import base64
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit, urlunsplit

from hayakoe_daemon.voice.store.bert_layouts import TOKENIZER, VOCABULARY
from hayakoe_daemon.voice.store.fetch import Fetcher, FetchError, NotThere, RemoteFile
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.layouts import CONFIG, DURATION_PREDICTOR, STYLE_VECTORS, SYNTHESIZER
from hayakoe_daemon.voice.store.manifest import MANIFEST_FILE, parse_manifest

_Q8 = "onnx/bert/q8/bert_q8.onnx"
_PACKED, _GRAPH = ".aivmx", ".onnx"


def voice_from_web(url: str, folder: Path, fetcher: Fetcher) -> Path:
    """The path at which the voice lies then. Raises VoiceError."""
    parts = urlsplit(url)
    name = PurePosixPath(unquote(parts.path)).name or parts.hostname or "voice"
    if not parts.path.endswith("/"):
        return _packed(url, folder, fetcher, name)
    place = folder / _plain(name)
    if _by_manifest(url, place, fetcher):
        return place
    try:
        fetcher.file(RemoteFile(_beside(url, CONFIG), CONFIG), place)
    except NotThere:
        raise FetchError(
            f"{url} has neither {MANIFEST_FILE} nor {CONFIG}: name the folder of one voice, or an {_PACKED} file"
        ) from None
    fetcher.file(RemoteFile(_beside(url, STYLE_VECTORS), STYLE_VECTORS), place)
    if graph := _first_of(url, (SYNTHESIZER, f"{name}{_GRAPH}"), place, fetcher):
        if graph == SYNTHESIZER:
            _first_of(url, (DURATION_PREDICTOR,), place, fetcher)
        return place
    raise FetchError(f"{url} has neither {SYNTHESIZER} nor {name}{_GRAPH}, which is the graph of a voice of that name")


def bert_from_web(url: str, folder: Path, fetcher: Fetcher) -> Path:
    """The path at which the BERT lies then: its folder, or its graph. Raises VoiceError."""
    parts = urlsplit(url)
    place = folder / "bert"
    if not parts.path.endswith("/"):
        graph = _plain(PurePosixPath(unquote(parts.path)).name)
        fetcher.file(RemoteFile(_beside(url, VOCABULARY), VOCABULARY), place)
        fetcher.file(RemoteFile(url, graph), place)
        return place / graph
    if _by_manifest(url, place, fetcher):
        return place
    try:
        fetcher.file(RemoteFile(_beside(url, f"{TOKENIZER}/{VOCABULARY}"), f"{TOKENIZER}/{VOCABULARY}"), place)
        fetcher.file(RemoteFile(_beside(url, _Q8), _Q8), place)
    except NotThere:
        raise FetchError(
            f"{url} has neither {MANIFEST_FILE} nor {_Q8} with {TOKENIZER}/{VOCABULARY}: name the folder of a BERT, or"
            f" its {_GRAPH} file with {VOCABULARY} beside it"
        ) from None
    return place


def without_login(url: str) -> tuple[str, dict[str, str]]:
    """The address as it may be shown and remembered, and the header for the name and password that stood in it."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    if not login:
        return url, {}
    basic = base64.b64encode(unquote(login).encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), {"authorization": f"Basic {basic}"}


def _packed(url: str, folder: Path, fetcher: Fetcher, name: str) -> Path:
    """One AIVMX file, called as its address or as the server calls it."""
    if (suffix := PurePosixPath(name).suffix.lower()) in (_GRAPH, ".zip", ".safetensors", ".aivm", ".tar", ".gz"):
        raise VoiceError(
            f"{url} is one {suffix} file: an address must be that of an {_PACKED} file or, with / at its end, of a"
            " folder with the files of one voice"
        )
    file = RemoteFile(url, _plain(name))
    suggested = fetcher.file(file, folder)
    if not suggested or name.endswith(_PACKED) or _plain(suggested) == file.path:
        return folder / file.path
    named = folder / _plain(suggested)
    named.unlink(missing_ok=True)
    named.hardlink_to(folder / file.path)  # under its own name too, so that a second try finds it
    return named


def _by_manifest(url: str, place: Path, fetcher: Fetcher) -> bool:
    """A folder as a store has it, served as it is: sizes and hashes are known before anything comes."""
    address = _beside(url, MANIFEST_FILE)
    try:
        manifest = parse_manifest(fetcher.text(address, place, MANIFEST_FILE), address)
    except NotThere:
        return False
    for file in manifest.files:
        fetcher.file(RemoteFile(_beside(url, file.name), _plain(file.name), file.size, file.sha256), place)
    return True


def _first_of(url: str, names: tuple[str, ...], place: Path, fetcher: Fetcher) -> str | None:
    for name in names:
        try:
            fetcher.file(RemoteFile(_beside(url, name), _plain(name)), place)
        except NotThere:
            continue
        return name
    return None


def _beside(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rpartition("/")[0] + "/" + name, fragment=""))


def _plain(name: str) -> str:
    return name.replace("/", "_").lstrip(".") or "file"
