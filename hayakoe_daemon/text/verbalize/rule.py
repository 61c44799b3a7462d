"""What a rule is: a name, where it matches, and what is said there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Say = Callable[[re.Match[str]], str | None]
"""What is said for a match; None where a closer look shows that the rule does not apply."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`examples` are its tests: each a text, and the words that come out with this rule among those that fired.

    Where the pattern has a group `w`, only that is replaced, and the rest of the match is context.
    """

    name: str
    pattern: re.Pattern[str]
    say: Say
    examples: tuple[tuple[str, str], ...]


def rule(name: str, pattern: str, say: Say | str, *examples: tuple[str, str]) -> Rule:
    """A rule from a pattern; words in place of a function are said as they are."""
    words = say if callable(say) else (lambda _: say)
    return Rule(name, re.compile(pattern), words, examples)
