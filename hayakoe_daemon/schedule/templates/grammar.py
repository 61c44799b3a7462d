"""What a template may hold. Whatever is not named here is refused when the text is read, not when it is to be said.

Texts that arrive at run time are simple: values, their parts, and filters with plain arguments. Nothing in them can
loop, grow or call. Templates of the config are full: conditions, loops and arithmetic besides. Macros, blocks, imports,
calls of methods and assignments to parts of values are in neither; without them nothing is built up out of sight of
the budget.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from jinja2 import nodes

from hayakoe_daemon.schedule.templates.errors import TemplateError

MOST_NODES = 4_000
"""Parts of a template; each of them costs time, however little."""

_SIMPLE = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Neg)
_PARTS = (nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Keyword)
_FULL = (
    *(nodes.If, nodes.For, nodes.Assign),
    *(nodes.List, nodes.Tuple, nodes.Slice, nodes.Call, nodes.Test),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Pos, nodes.Concat),
)
_WORDS: dict[type[nodes.Node], str] = {
    nodes.If: "{% if %}",
    nodes.For: "{% for %}",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "a {% set %} with an end",
    nodes.Macro: "a macro",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% import %}",
    nodes.Extends: "{% extends %}",
    nodes.Block: "{% block %}",
    nodes.With: "{% with %}",
    nodes.Call: "a call",
    nodes.Dict: "a dictionary",
}


def check(tree: nodes.Template, *, full: bool, functions: Collection[str], filters: Collection[str]) -> None:
    """Raises TemplateError at the first thing that may not be there."""
    allowed = (*_SIMPLE, *_PARTS, *(_FULL if full else ()))
    for count, node in enumerate(_walk(tree)):
        if count >= MOST_NODES:
            raise TemplateError(f"it has more than {MOST_NODES:,} parts", node.lineno)
        if not isinstance(node, (*allowed, nodes.Helper)):
            where = "" if full else " of a text that is set at run time: only {{ values }} and filters are"
            what = _WORDS.get(type(node), f"{type(node).__name__.lower()}")
            raise TemplateError(f"{what} is not part{where or ' of templates here'}", node.lineno)
        _check_one(node, full=full, functions=functions, filters=filters)


def _check_one(node: nodes.Node, *, full: bool, functions: Collection[str], filters: Collection[str]) -> None:
    match node:
        case nodes.Name(name=name) if name.startswith("_"):
            raise TemplateError(f'"{name}": names do not begin with _', node.lineno)
        case nodes.Filter(name=name):
            if name not in filters:
                raise TemplateError(f'there is no filter "{name}"{_hint(name, filters)}', node.lineno)
            if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
                raise TemplateError(f"{name} cannot be used like this", node.lineno)
        case nodes.Call():
            _check_call(node, functions)
        case nodes.Getitem(arg=arg) if not full and not isinstance(arg, nodes.Const | nodes.Neg):
            raise TemplateError("what stands in [ ] must be a number or a text in quotes", node.lineno)
        case nodes.For(recursive=True):
            raise TemplateError("recursive loops are not part of templates here", node.lineno)
        case nodes.Assign(target=target) if not isinstance(target, nodes.Name):
            raise TemplateError("{% set %} sets one name at a time", node.lineno)


def _check_call(call: nodes.Call, functions: Collection[str]) -> None:
    called = call.node
    if not isinstance(called, nodes.Name) or called.name not in functions:
        raise TemplateError(
            f"only {', '.join(sorted(functions))} can be called; what methods do, filters do: "
            "{{ text | replace('a', 'b') }}",
            call.lineno,
        )
    if call.dyn_args is not None or call.dyn_kwargs is not None:
        raise TemplateError("* and ** are not part of templates here", call.lineno)


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    """Every node, the outer ones first; without recursion, a text may be nested deeply."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(node.iter_child_nodes()))


def _hint(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name[:60], known, n=1)
    return f', did you mean "{close[0]}"?' if close else ""
