"""Which files of a repository make up its voices and its BERT, told by their names alone."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import PurePosixPath

from hayakoe_daemon.voice.store.bert_layouts import GRAPHS, PRECISIONS, TOKENIZER, VOCABULARY
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.layouts import CONFIG, LICENCES, STYLE_VECTORS


class Wanted(Enum):
    """What is to be fetched of a repository; the values are for messages."""

    VOICES = "voices"
    BERT = "BERT"
    BOTH = "voices and BERT"


def select(names: Iterable[str], under: str, wanted: Wanted) -> tuple[str, ...]:
    """Those of `names` to fetch. `under` is a folder or a file of the repository, empty for all of it.

    Raises VoiceError where there is nothing of that kind.
    """
    paths = [PurePosixPath(name) for name in names]
    top = PurePosixPath(under)
    if under and top not in paths and not any(top in path.parents for path in paths):
        raise VoiceError(f"there is no {under} in it")
    chosen: set[PurePosixPath] = set()
    if wanted is not Wanted.BERT:
        chosen |= _voices(paths, top)
    if wanted is not Wanted.VOICES:
        chosen |= _bert(paths, top, must=wanted is Wanted.BERT)
    if not chosen:
        raise VoiceError(
            f"there are no {wanted.value} in it: expected {CONFIG} with {STYLE_VECTORS} and an ONNX file in one folder,"
            " or an .aivmx file"
        )
    return tuple(sorted(map(str, chosen)))


def _voices(paths: list[PurePosixPath], top: PurePosixPath) -> set[PurePosixPath]:
    chosen = {path for path in paths if path.suffix == ".aivmx" and _within(path, top)}
    for config in paths:
        folder = config.parent
        named = config.name == CONFIG and (_within(config, top) or (top.parent == folder and top.suffix == ".onnx"))
        if not named or folder / STYLE_VECTORS not in paths:
            continue
        chosen |= {config, folder / STYLE_VECTORS}
        beside = [path for path in paths if path.parent == folder]
        chosen |= {path for path in beside if _of_graph(path) and (top.suffix != ".onnx" or _belongs(path, top))}
        chosen |= {path for path in beside if path.name in LICENCES}
    return chosen | {path for path in paths if chosen and len(path.parts) == 1 and path.name in LICENCES}


def _bert(paths: list[PurePosixPath], top: PurePosixPath, *, must: bool) -> set[PurePosixPath]:
    base = PurePosixPath() if top.suffix == ".onnx" else top
    for precision in PRECISIONS:
        folder = base / GRAPHS / precision
        graphs = {path for path in paths if path.parent == folder}
        if graphs and top.suffix != ".onnx":
            return graphs | {path for path in paths if path.parent == base / TOKENIZER}
    if not must:
        return set()
    folder = top.parent if top.suffix == ".onnx" else top
    graphs = {path for path in paths if path.parent == folder and path.suffix == ".onnx" and _belongs(path, top)}
    home = folder if folder / VOCABULARY in paths else PurePosixPath(TOKENIZER)
    if len(graphs) != 1 or home / VOCABULARY not in paths:
        several = ", ".join(sorted(map(str, graphs))) or "none"
        raise VoiceError(
            f"expected one ONNX file with {VOCABULARY} beside it; the ONNX files are: {several}. Name one of them after"
            " the repository: hf://USER/REPOSITORY/FILE.onnx"
        )
    weights = {path for path in paths if path.parent == folder and any(_belongs(path, graph) for graph in graphs)}
    return graphs | weights | {path for path in paths if path.parent == home and path.suffix in (".txt", ".json")}


def _within(path: PurePosixPath, top: PurePosixPath) -> bool:
    return path == top or top in path.parents


def _of_graph(path: PurePosixPath) -> bool:
    """A graph, or weights that lie beside one as exporters name them: NAME.onnx.data, NAME.onnx_data."""
    return ".onnx" in path.name


def _belongs(path: PurePosixPath, graph: PurePosixPath) -> bool:
    return graph.suffix != ".onnx" or path.name.startswith(graph.name)
