"""Jinja2 with a fence: what the grammar lets through can neither change a value, nor grow, nor go on for ever."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from jinja2 import TemplateSyntaxError, nodes, pass_context
from jinja2.runtime import ChainableUndefined, Context, LoopContext, StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from hayakoe_daemon.announcement import MAX_TEXT
from hayakoe_daemon.schedule.templates import grammar
from hayakoe_daemon.schedule.templates.budget import Budget
from hayakoe_daemon.schedule.templates.errors import TemplateError

BUDGET = "_budget"
"""Where the budget of a rendering stands in its context; the grammar lets no such name through."""

LONGEST_RANGE = 1_000
LARGEST_BITS = 64
"""Arithmetic gives no larger numbers; nothing that one says is larger."""

_TESTS = (
    *("defined", "undefined", "none", "number", "string", "sequence", "mapping", "true", "false"),
    *("odd", "even", "divisibleby", "in", "eq", "ne", "lt", "le", "gt", "ge", "==", "!=", "<", "<=", ">", ">="),
)
_LOOP = frozenset(
    ("index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "depth")
)
_DATE = frozenset(("year", "month", "day", "hour", "minute", "second"))


class Missing(StrictUndefined, ChainableUndefined):
    """What is not there, and what is in it, which is not there either; all that can be done with it is `default`."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return ChainableUndefined.__getattr__(self, name)

    __getitem__ = ChainableUndefined.__getitem__


class Sandbox(ImmutableSandboxedEnvironment):
    """`filters` are those that templates may use, besides a few of Jinja's own."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self, filters: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(
            undefined=Missing, optimized=False, trim_blocks=True, lstrip_blocks=True, finalize=_said, cache_size=0
        )
        self._own = {name: self.filters[name] for name in ("map", "selectattr", "rejectattr", "select", "reject")}
        self._own |= {name: self.filters[name] for name in ("sort", "unique", "first", "last", "length", "default")}
        self._own |= {name: self.filters[name] for name in ("min", "max", "abs", "items", "reverse")}
        self.filters = {**self._own, **filters, "_paced": _paced, "_together": _together, "_flat": _flat}
        self.tests = {name: self.tests[name] for name in _TESTS}
        self.globals = {"range": _range}

    @property
    def public_filters(self) -> tuple[str, ...]:
        return tuple(name for name in self.filters if not name.startswith("_"))

    def read(self, text: str, *, full: bool) -> nodes.Template:
        """The tree of a text that may be used here. Raises TemplateError."""
        if len(text) > MAX_TEXT:
            raise TemplateError(f"it has {len(text):,} characters, at most {MAX_TEXT:,} are allowed")
        try:
            tree = self.parse(text)
            grammar.check(tree, full=full, functions=self.globals, filters=self.public_filters)
            return _fenced(tree, self)
        except TemplateSyntaxError as error:
            raise TemplateError((error.message or "it is not a template").rstrip("."), error.lineno) from None
        except (RecursionError, MemoryError):
            raise TemplateError("it is nested too deeply") from None
        except TemplateError:
            raise
        except (SyntaxError, OverflowError, ValueError) as error:
            raise TemplateError(f"it cannot be read: {error}") from None

    # ---- what an expression may do
    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._part(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self._part(obj, argument)

    def _part(self, obj: Any, key: Any) -> Any:
        """Parts of data, and of nothing else: no attribute of any object of ours or of Python's is in reach."""
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, LoopContext) and key in _LOOP:
            return getattr(obj, key)
        if isinstance(obj, date) and key in _DATE and (isinstance(obj, datetime) or key in ("year", "month", "day")):
            return getattr(obj, key)
        if isinstance(obj, Mapping | list | tuple | str | range):
            try:
                return obj[key]
            except (TypeError, LookupError):
                pass
        return self.undefined(obj=obj, name=key)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002, Jinja's
        for value in (left, right):
            if isinstance(value, Undefined):
                str(value)  # raises, and says what is missing
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _short(left + right)
        if not (_is_number(left) and _is_number(right)):
            raise TemplateError(f"{operator} works on numbers only")
        if operator == "**" and abs(right) * math.log2(max(2.0, abs(left))) > LARGEST_BITS:
            raise TemplateError("** gives too large a number")
        result = self.binop_table[operator](left, right)
        if isinstance(result, complex) or abs(result) >= 2**LARGEST_BITS or result != result:  # noqa: PLR0124, NaN
            raise TemplateError(f"{operator} gives too large a number")
        return result

    def is_safe_callable(self, obj: Any) -> bool:
        return any(obj is one for one in self.globals.values())


def budget_of(context: Context) -> Budget:
    budget = context.parent[BUDGET]
    assert isinstance(budget, Budget)  # noqa: S101
    return budget


def written(value: Any) -> str:
    """A single value as text. TemplateError where it is something that one cannot say, such as a list."""
    if isinstance(value, Undefined):
        return str(value)  # raises, and says what is missing
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        raise TemplateError(f"{str(value).lower()} is nothing to say: use {{% if %}}")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TemplateError("a number is not finite")
        return f"{value:.6f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:.0f}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        raise TemplateError("a date is said by a filter: date, weekday or clock")
    what = "a list" if isinstance(value, list | tuple) else "an object" if isinstance(value, Mapping) else "this"
    raise TemplateError(f"{what} cannot be said as a whole: name a part of it, or use a filter such as join")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise TemplateError(f"a text gets longer than {MAX_TEXT:,} characters")
    return text


@pass_context
def _said(context: Context, value: Any) -> str:
    """What `{{ }}` writes. Counted where it is written; with the context it is also never worked out beforehand."""
    budget_of(context).step()
    return written(value)


@pass_context
def _paced(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    """What a loop goes through."""
    budget = budget_of(context)
    for value in values:
        budget.step()
        yield value


def _together(values: list[Any]) -> str:
    """The operator ~."""
    return _short("".join(written(value) for value in values))


def _flat(values: Any) -> Any:
    """A list that is written down. One in another, again and again, would be small here and endless to compare."""
    if any(isinstance(value, list | tuple | Mapping) for value in values):
        raise TemplateError("a list holds texts and numbers, no other lists")
    return values


def _range(*bounds: int) -> range:
    if not all(isinstance(bound, int) for bound in bounds):
        raise TemplateError("range wants whole numbers")
    found = range(*bounds)
    if len(found) > LONGEST_RANGE:
        raise TemplateError(f"range has at most {LONGEST_RANGE:,} numbers")
    return found


class _Fence(NodeTransformer):
    """Puts what Jinja does not let us intercept, ~ and loops and lists, behind filters of ours."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802, Jinja's
        self.generic_visit(node)
        assert isinstance(node.iter, nodes.Expr)  # noqa: S101
        node.iter = _filtered("_paced", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802, Jinja's
        self.generic_visit(node)
        return _filtered("_together", nodes.List(list(node.nodes), lineno=node.lineno))

    def visit_List(self, node: nodes.List) -> nodes.Filter:  # noqa: N802, Jinja's
        self.generic_visit(node)
        return _filtered("_flat", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:  # noqa: N802, Jinja's
        self.generic_visit(node)
        return node if node.ctx == "store" else _filtered("_flat", node)


def _filtered(name: str, node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _fenced(tree: nodes.Template, environment: Sandbox) -> nodes.Template:
    fenced = _Fence().visit(tree)
    assert isinstance(fenced, nodes.Template)  # noqa: S101
    fenced.set_environment(environment)
    return fenced
