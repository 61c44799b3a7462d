"""A text with values in it, ready to be said sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jinja2 import Template as Compiled
from jinja2 import UndefinedError, nodes

from hayakoe_daemon.schedule.templates.budget import Budget
from hayakoe_daemon.schedule.templates.errors import TemplateError
from hayakoe_daemon.schedule.templates.sandbox import BUDGET, Sandbox
from hayakoe_daemon.schedule.templates.sentences import cuttings


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; `names` are the values it speaks of."""

    names: frozenset[str]
    _compiled: Compiled

    def say(self, values: Mapping[str, Any], budget: Budget) -> str:
        """Its words. Raises TemplateError, which says what is wrong with it or with the values."""
        try:
            return "".join(budget.write(piece) for piece in self._compiled.generate({**values, BUDGET: budget}))
        except TemplateError:
            raise
        except UndefinedError as error:
            raise TemplateError(str(error.message)) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError, MemoryError) as error:
            raise TemplateError(str(error) or type(error).__name__) from None
        except Exception as error:  # noqa: BLE001, Jinja's own errors and what odd data does to filters
            raise TemplateError(f"{type(error).__name__}: {error}") from None


class Template:
    """A template that was read and found allowed; it is compiled when it is first said."""

    def __init__(self, environment: Sandbox, tree: nodes.Template) -> None:
        self._environment = environment
        self._tree = tree
        self.names = _undeclared(tree) - set(environment.globals)

    def parts_of(self, name: str) -> frozenset[str]:
        """The parts of that value that are named: `a` and `b` of `{{ x.a }} {{ x["b"] }}`."""
        parts = [one.attr for one in self._tree.find_all(nodes.Getattr) if _is_name(one.node, name)]
        items = (one.arg for one in self._tree.find_all(nodes.Getitem) if _is_name(one.node, name))
        parts += [str(item.value) for item in items if isinstance(item, nodes.Const)]
        return frozenset(parts)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(self._compiled())

    def _compiled(self) -> Iterator[Sentence]:
        for cutting in cuttings(self._tree):
            tree = nodes.Template(list(cutting.nodes), lineno=1)
            tree.set_environment(self._environment)
            try:
                compiled = self._environment.from_string(tree)
            except (RecursionError, MemoryError, SyntaxError):
                raise TemplateError("it is nested too deeply") from None
            yield Sentence(cutting.names, compiled)


def _undeclared(tree: nodes.Template) -> frozenset[str]:
    """The names that must come from outside.

    Jinja's own function for this works constant expressions out on the way: a hostile text would have its say.
    """
    names = list(tree.find_all(nodes.Name))
    stored = {one.name for one in names if one.ctx == "store"}
    return frozenset(one.name for one in names if one.ctx == "load") - stored - {"loop"}


def _is_name(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


class Workshop:
    """Reads templates. `filters` are the house's own."""

    def __init__(self, filters: Mapping[str, Callable[..., Any]]) -> None:
        self._environment = Sandbox(filters)

    def read(self, text: str, *, full: bool) -> Template:
        """Raises TemplateError: where, and what is not allowed there."""
        template = Template(self._environment, self._environment.read(text, full=full))
        _ = template.sentences  # what cannot be compiled is told now
        return template
