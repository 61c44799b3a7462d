"""The BERT that all voices share: where it and its vocabulary lie in a HayaKoe source or in a folder of its own."""

from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.text.tokenizer import Tokenizer, TokenizerError
from hayakoe_daemon.voice.store.files import BertFiles, VoiceError
from hayakoe_daemon.voice.store.graph_head import GraphHead, read_head

VOCABULARY = "vocab.txt"
GRAPHS, TOKENIZER = Path("onnx/bert"), Path("bert/tokenizer")
PRECISIONS = ("q8", "fp16", "fp32")
"""The folders of a HayaKoe source, the one that is fastest and smallest first."""
_INPUTS = ("input_ids", "attention_mask")


def is_bert(path: Path) -> bool:
    """A folder of its own, with the vocabulary, or one of the graphs of a HayaKoe source; or a graph in either."""
    folder = path.parent if path.is_file() else path
    return (folder / VOCABULARY).exists() or (_in_source(folder) and any(folder.glob("*.onnx")))


def bert_of_source(source: Path) -> BertFiles | None:
    """The best BERT of a HayaKoe source, None where it brings none. Raises VoiceError."""
    for precision in PRECISIONS:
        folder = source / GRAPHS / precision
        if any(folder.glob("*.onnx")):
            return _checked(_only_graph(folder), source / TOKENIZER)
    return None


def in_floats(bert: BertFiles) -> BertFiles:
    """The same BERT in as many bits as there are of it: a HayaKoe source may have it in 16 or 32 beside the one in 8.

    The store keeps one BERT, so that there it is the one that was added, in floats where that was. Raises VoiceError.
    """
    if not _in_source(bert.model.parent):
        return bert
    for precision in reversed(PRECISIONS):
        folder = bert.model.parent.with_name(precision)
        if any(folder.glob("*.onnx")):
            return _checked(_only_graph(folder), bert.tokenizer)
    return bert


def bert_at(path: Path) -> BertFiles:
    """The BERT of a folder or of an ONNX file, its vocabulary beside it or where HayaKoe has it. Raises VoiceError."""
    if path.is_dir() and (bert := bert_of_source(path)):
        return bert
    if not path.exists():
        raise VoiceError(f"there is no {path}")
    graph = _only_graph(path) if path.is_dir() else path
    homes = [graph.parent, graph.parent / "tokenizer"]
    if _in_source(graph.parent):
        homes.append(graph.absolute().parents[3] / TOKENIZER)
    for home in homes:
        if (home / VOCABULARY).exists():
            return _checked(graph, home)
    raise VoiceError(f"{graph.parent / VOCABULARY} is missing; a BERT needs its vocabulary beside it")


def bert_files(bert: BertFiles) -> tuple[Path, ...]:
    """Every file that the BERT needs, and what else its tokenizer came with. Raises VoiceError."""
    weights = [bert.model.parent / name for name in read_head(bert.model).weight_files]
    for file in weights:
        if file.parent != bert.model.parent or not file.is_file():
            raise VoiceError(f"{file} is missing; {bert.model.name} keeps its weights there")
    others = [bert.tokenizer / name for name in ("tokenizer_config.json", "special_tokens_map.json", "config.json")]
    return (bert.model, *weights, bert.tokenizer / VOCABULARY, *(file for file in others if file.exists()))


def check_bert(bert: BertFiles) -> None:
    """Raises VoiceError where the graph is none that reads characters, or the vocabulary is none."""
    head: GraphHead = read_head(bert.model)
    if not all(name in head.inputs for name in _INPUTS):
        raise VoiceError(
            f"{bert.model} is not a BERT: its inputs are {', '.join(head.inputs) or 'none'}; expected"
            f" {' and '.join(_INPUTS)}"
        )
    try:
        Tokenizer(bert.tokenizer)
    except TokenizerError as error:
        raise VoiceError(str(error)) from None


def _in_source(folder: Path) -> bool:
    return folder.absolute().parent.match(str(GRAPHS))


def _checked(graph: Path, tokenizer: Path) -> BertFiles:
    bert = BertFiles(graph, tokenizer)
    check_bert(bert)
    bert_files(bert)
    return bert


def _only_graph(folder: Path) -> Path:
    graphs = sorted(folder.glob("*.onnx"))
    if len(graphs) != 1:
        names = ", ".join(one.name for one in graphs)
        found = (
            f"the ONNX files {names}, expected one; name it instead"
            if graphs
            else "no ONNX file, expected that of a BERT"
        )
        raise VoiceError(f"{folder} holds {found}")
    return graphs[0]
