"""What lies at a path: voices of three layouts and a BERT, told apart by looking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from hayakoe_daemon.voice.store.aivmx import MANIFEST, read_aivmx
from hayakoe_daemon.voice.store.bert_layouts import bert_at, bert_of_source, is_bert
from hayakoe_daemon.voice.store.config_json import read_config_file
from hayakoe_daemon.voice.store.files import BertFiles, Layout, VoiceError, VoiceFiles
from hayakoe_daemon.voice.store.graph_head import GraphHead, read_head
from hayakoe_daemon.voice.store.names import name_of
from hayakoe_daemon.voice.store.style_vectors import load_style_vectors

CONFIG, STYLE_VECTORS = "config.json", "style_vectors.npy"
SYNTHESIZER, DURATION_PREDICTOR = "synthesizer.onnx", "duration_predictor.onnx"
SPEAKERS = Path("onnx/speakers")
_PHONES = ("x", "x_tst")
_DURATIONS = "durations"
LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "LICENCE.md")
_OTHER_FORMATS = {
    ".safetensors": "is made for PyTorch; export it to ONNX (convert_onnx.py of Style-Bert-VITS2) first",
    ".aivm": "is made for PyTorch; take the .aivmx of the same voice instead",
    ".zip": "is an archive; unpack it and name the folder",
}


@dataclass(frozen=True, slots=True, eq=False)
class VoiceSource:
    """A voice that could be used, every file that it needs, and its terms where it carries them."""

    voice: VoiceFiles
    files: tuple[Path, ...]
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a path. `problems` tells of each thing that looks like a voice and cannot be used why."""

    voices: tuple[VoiceSource, ...] = ()
    bert: BertFiles | None = None
    problems: tuple[str, ...] = ()
    bert_problem: str | None = None
    """The same for a BERT."""


def look(path: Path) -> Found:
    """A HayaKoe source, a voice's own folder, a folder of several, a graph or AIVMX file, or a BERT's folder.

    Raises VoiceError where nothing can be read there at all or nothing in it looks like a voice or a BERT.
    """
    try:
        if path.is_dir():
            return _look_into(path)
        path.open("rb").close()
    except OSError as error:
        raise VoiceError(f"cannot read {path}: {error.strerror}") from error
    if path.suffix == ".onnx" and is_bert(path):
        return _bert_in(path)
    return _gather([lambda: _voice_file(path)])


def voice_in(folder: Path) -> VoiceSource:
    """The one voice of this folder, or the AIVMX file in it. Raises VoiceError."""
    if not (folder / CONFIG).exists() and (packed := sorted(folder.glob("*.aivmx"))):
        return _voice_file(packed[0])
    return _voice_folder(folder, _graph_in(folder))


def _look_into(folder: Path) -> Found:
    voices, bert = _gather(_voices_in(folder)), _bert_in(folder)
    found = replace(voices, bert=bert.bert, bert_problem=bert.bert_problem)
    if found == Found():
        raise VoiceError(_nothing_in(folder))
    return found


def _bert_in(path: Path) -> Found:
    try:
        return Found(bert=bert_at(path) if is_bert(path) else bert_of_source(path))
    except VoiceError as error:
        return Found(bert_problem=str(error))


def _voices_in(folder: Path) -> Iterator[Callable[[], VoiceSource]]:
    if (folder / SPEAKERS).is_dir():
        folder = folder / SPEAKERS
    elif is_bert(folder):
        return
    elif _is_voice(folder):
        yield lambda: _voice_folder(folder, _graph_in(folder))
        return
    for one in sorted(folder.iterdir()):
        if one.suffix == ".aivmx":
            yield lambda one=one: _voice_file(one)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        elif one.is_dir() and _is_voice(one):
            yield lambda one=one: _voice_folder(one, _graph_in(one))  # type: ignore[misc]


def _gather(makers: Iterable[Callable[[], VoiceSource]]) -> Found:
    voices: list[VoiceSource] = []
    problems: list[str] = []
    for make in makers:
        try:
            voices.append(make())
        except VoiceError as error:
            problems.append(str(error))
    return Found(tuple(voices), None, tuple(problems))


def _is_voice(folder: Path) -> bool:
    """Enough of one to be told what is missing."""
    return not is_bert(folder) and any((folder / name).exists() for name in (CONFIG, STYLE_VECTORS, SYNTHESIZER))


def _graph_in(folder: Path) -> Path:
    """HayaKoe's synthesizer.onnx, else the one ONNX file there is, else the one that is called like the folder."""
    graphs = [one for one in sorted(folder.glob("*.onnx")) if one.name != DURATION_PREDICTOR]
    for one in graphs:
        if one.name == SYNTHESIZER or len(graphs) == 1 or one.stem == folder.name:
            return one
    if graphs:
        names = ", ".join(one.name for one in graphs)
        raise VoiceError(
            f"{folder} holds several ONNX files ({names}): name the one that is the voice instead of the folder"
        )
    if any(folder.glob("*.safetensors")):
        raise VoiceError(f"{folder} holds no ONNX file: its .safetensors {_OTHER_FORMATS['.safetensors']}")
    raise VoiceError(f"{folder} holds no ONNX file, expected {SYNTHESIZER} or NAME.onnx beside {CONFIG}")


def _voice_folder(folder: Path, graph: Path) -> VoiceSource:
    config_file, vectors_file = folder / CONFIG, folder / STYLE_VECTORS
    for needed in (config_file, vectors_file):
        if not needed.exists():
            raise VoiceError(
                f"{needed} is missing; a voice has {CONFIG}, {STYLE_VECTORS} and its ONNX file in one folder"
            )
    config = read_config_file(config_file)
    vectors = load_style_vectors(vectors_file, config.styles)
    weights = _weights(graph, _synthesizer_head(graph))
    durations = folder / DURATION_PREDICTOR
    files = [config_file, vectors_file, graph, *weights]
    hayakoe = graph.name == SYNTHESIZER
    if has_durations := hayakoe and durations.exists():
        files += [durations, *_weights(durations, read_head(durations))]
    voice = VoiceFiles(
        name=name_of(folder.resolve().name, graph.stem),
        layout=Layout.HAYAKOE if hayakoe else Layout.SBV2,
        synthesizer=graph,
        duration_predictor=durations if has_durations else None,
        config=config,
        style_vectors=vectors,
    )
    licence = _licence(folder)
    if licence is None and folder.absolute().parent.match(str(SPEAKERS)):
        licence = _licence(folder.absolute().parents[2])
    return VoiceSource(voice, tuple(files), licence)


def _voice_file(path: Path) -> VoiceSource:
    if reason := _OTHER_FORMATS.get(path.suffix.lower()):
        raise VoiceError(f"{path} {reason}")
    head = _synthesizer_head(path)
    if MANIFEST not in head.metadata and path.suffix != ".aivmx":
        return _voice_folder(path.parent, path)
    packed = read_aivmx(head.metadata, str(path))
    voice = VoiceFiles(
        name=name_of(path.stem, packed.title),
        layout=Layout.AIVMX,
        synthesizer=path,
        duration_predictor=None,
        config=packed.config,
        style_vectors=packed.style_vectors,
    )
    return VoiceSource(voice, (path, *_weights(path, head)), packed.licence)


def _synthesizer_head(graph: Path) -> GraphHead:
    head = read_head(graph)
    if head.outputs == (_DURATIONS,):
        raise VoiceError(f"{graph} gives durations and no sound; name the {SYNTHESIZER} beside it, or their folder")
    lacking = [name for name in ("bert", "style_vec") if name not in head.inputs]
    if lacking or not any(name in head.inputs for name in _PHONES):
        raise VoiceError(
            f"{graph} is not a JP-Extra synthesizer: its inputs are {', '.join(head.inputs) or 'none'}; expected"
            f" {' or '.join(_PHONES)}, bert and style_vec among them"
        )
    return head


def _weights(graph: Path, head: GraphHead) -> list[Path]:
    """The files beside the graph that hold its weights. Raises VoiceError where one is missing or lies elsewhere."""
    files = [graph.parent / name for name in head.weight_files]
    for file in files:
        if file.parent != graph.parent:
            raise VoiceError(
                f"{graph} wants its weights from {file.relative_to(graph.parent)}; only files beside it are read"
            )
        if not file.is_file():
            raise VoiceError(f"{file} is missing; {graph.name} keeps its weights there")
    return files


def _licence(folder: Path) -> str | None:
    for name in LICENCES:
        try:
            return (folder / name).read_text(encoding="utf-8")[:65536]
        except (OSError, UnicodeDecodeError):
            continue
    return None


def _nothing_in(folder: Path) -> str:
    for suffix, reason in _OTHER_FORMATS.items():
        if files := sorted(folder.glob(f"*{suffix}")):
            return f"{files[0]} {reason}"
    return (
        f"{folder} holds no voice: expected {SPEAKERS}/NAME (HayaKoe), NAME.onnx with {CONFIG} and {STYLE_VECTORS}"
        " (Style-Bert-VITS2), or an .aivmx file (AivisHub)"
    )
