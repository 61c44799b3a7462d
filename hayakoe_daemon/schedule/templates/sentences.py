"""A template cut into its sentences, so that what goes wrong in one of them leaves the others alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import nodes

_ENDS = re.compile(r"[。！？!?\n][」』）)\s]*")


@dataclass(frozen=True, slots=True)
class Cutting:
    """What one sentence consists of, with the assignments it needs; `names` are those it takes from outside."""

    nodes: tuple[nodes.Node, ...]
    names: frozenset[str]


def cuttings(tree: nodes.Template) -> Iterator[Cutting]:
    """The sentences in their order. A condition or a loop is part of the sentence that it stands in."""
    assigned: list[nodes.Assign] = []
    current: list[nodes.Node] = []
    for node in tree.body:
        if isinstance(node, nodes.Assign):
            assigned.append(node)
            continue
        for part, ends in _parts(node):
            current.append(part)
            if ends:
                yield _cutting(current, assigned)
                current = []
    if current:
        yield _cutting(current, assigned)


def _parts(node: nodes.Node) -> Iterator[tuple[nodes.Node, bool]]:
    """What a node is made of, and whether a sentence ends there."""
    if not isinstance(node, nodes.Output):
        yield node, _ends_sentence(node)
        return
    for child in node.nodes:
        if isinstance(child, nodes.TemplateData):
            for text, ends in _cut(child.data):
                yield _output(nodes.TemplateData(text, lineno=child.lineno)), ends
        else:
            yield _output(child), False


def _cut(text: str) -> Iterator[tuple[str, bool]]:
    begin = 0
    for end in _ENDS.finditer(text):
        yield text[begin : end.end()], True
        begin = end.end()
    if begin < len(text):
        yield text[begin:], False


def _ends_sentence(node: nodes.Node) -> bool:
    """Whether the last words inside a condition or a loop end a sentence."""
    while isinstance(node, nodes.If | nodes.For) and node.body:
        node = node.body[-1]
    if not isinstance(node, nodes.Output) or not isinstance(last := node.nodes[-1], nodes.TemplateData):
        return False
    return any(end.end() == len(last.data) for end in _ENDS.finditer(last.data))


def _output(child: nodes.Expr) -> nodes.Output:
    return nodes.Output([child], lineno=child.lineno)


def _cutting(parts: Sequence[nodes.Node], assigned: Sequence[nodes.Assign]) -> Cutting:
    needed = _loaded(parts)
    kept: list[nodes.Node] = []
    for one in reversed(assigned):
        assert isinstance(one.target, nodes.Name), "the grammar sees to it"  # noqa: S101
        if one.target.name in needed:
            kept.insert(0, one)
            needed |= _loaded([one.node])
    return Cutting((*kept, *parts), frozenset(needed))


def _loaded(parts: Sequence[nodes.Node]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        if isinstance(part, nodes.Name):
            found.add(part.name)
        found |= {name.name for name in part.find_all(nodes.Name) if name.ctx == "load"}
    return found
