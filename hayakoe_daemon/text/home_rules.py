"""A home's own rules: a regular expression and the words said in its place. The only import of regex."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import regex

_log = logging.getLogger(__name__)

TIMEOUT = 0.02
"""Seconds for one rule on one text."""

MOST = 200
_LONGEST = 500


class HomeRuleError(ValueError):
    """A rule that cannot be used; the message tells why."""


@dataclass(frozen=True, slots=True)
class HomeRule:
    r"""`say` may hold what groups caught: \1, \g<name>."""

    name: str
    pattern: regex.Pattern[str]
    say: str

    @classmethod
    def of(cls, pattern: str, say: str, name: str | None = None) -> HomeRule:
        """Raises HomeRuleError."""
        if not pattern or len(pattern) > _LONGEST or len(say) > _LONGEST:
            raise HomeRuleError(f"a pattern has 1 to {_LONGEST} characters, and so few have the words")
        try:
            compiled = regex.compile(pattern)
        except regex.error as error:
            raise HomeRuleError(f"{pattern!r} is not a regular expression: {error}") from error
        if compiled.search("", timeout=TIMEOUT):
            raise HomeRuleError(f"{pattern!r} matches where there is nothing: name at least one character")
        try:
            regex.compile(f"(?:{pattern})|").sub(say, "", timeout=TIMEOUT)
        except (regex.error, IndexError) as error:
            raise HomeRuleError(f"{say!r} names a group that {pattern!r} does not have: {error}") from error
        return cls(f"home.{name or pattern}", compiled, say)

    def matches(self, text: str) -> Iterator[tuple[int, int, str, str]]:
        """Start, end and words of each place, and this rule's name. One that takes too long is left out."""
        try:
            found = [
                (match.start(), match.end(), match.expand(self.say), self.name)
                for match in self.pattern.finditer(text, timeout=TIMEOUT)
                if match.end() > match.start()
            ]
        except TimeoutError:
            _log.warning(
                "the reading rule %s took longer than %d ms and was left out: %.60s", self.name, TIMEOUT * 1000, text
            )
            return
        yield from found
