"""A part of a graph as a graph of its own: no more than one of its outputs takes."""

from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.voice.store.files import VoiceError


def part_for(path: Path, output: str) -> bytes:
    """The graph in the file cut down to what the named output depends on. Raises VoiceError."""
    import onnx  # noqa: PLC0415, only for voices whose durations come out of their synthesizer

    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf's and onnx's own errors
        raise VoiceError(
            f"{path}: found something that is not an ONNX graph ({error}); expected a whole one"
        ) from error
    graph = model.graph
    needed, kept = {output}, []
    for node in reversed(graph.node):  # a node stands after those that it takes from
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
            needed.update(_from_outside(node))
    part = onnx.helper.make_graph(
        kept[::-1],
        graph.name,
        [one for one in graph.input if one.name in needed],
        [one for one in graph.output if one.name == output],
        [one for one in graph.initializer if one.name in needed],
    )
    made = onnx.helper.make_model(part, opset_imports=model.opset_import, ir_version=model.ir_version)
    content: bytes = made.SerializeToString()
    return content


def _from_outside(node: object) -> set[str]:
    """What the branches and loops inside a node take by name from the graph around it, and more."""
    names: set[str] = set()
    for attribute in node.attribute:  # type: ignore[attr-defined]  # onnx is imported late
        for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
            for one in inner.node:
                names.update(one.input)
                names.update(_from_outside(one))
            names.update(one.name for one in inner.output)
    return names
