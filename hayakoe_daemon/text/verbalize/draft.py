"""A text while rules work on it: what one has read is hidden from those that come after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hayakoe_daemon.text.verbalize.rule import Rule

SAID = "\ue000"
"""Stands for each character that has been read; prepared text holds nothing from Unicode's private areas."""


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that fired: the characters `written` from `start` on are said as `spoken`.

    `start` counts in the prepared text, where half-width kana and their like are already what they mean; the step
    `characters` is how the whole became that.
    """

    rule: str
    start: int
    written: str
    spoken: str

    @property
    def end(self) -> int:
        return self.start + len(self.written)


class Draft:
    """The text, and the steps made on it. `masked` is as long as `text`, with SAID where a rule has been."""

    __slots__ = ("_steps", "masked", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.masked = text
        self._steps: list[Step] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """In the order of the text."""
        return tuple(sorted(self._steps, key=lambda step: step.start))

    @property
    def spoken(self) -> str:
        return "".join(self._spoken())

    def apply(self, rule: Rule) -> None:
        """Say what the rule says, wherever it matches."""
        if rule.pattern.search(self.masked):  # most of them are nowhere in a text
            self.replace(self._said(rule))

    def replace(self, said: Iterable[tuple[int, int, str, str]]) -> None:
        """Start, end, words and the rule's name: say the words in place of these characters. In order, and apart."""
        parts: list[str] = []
        done = 0
        for start, end, words, name in said:
            self._steps.append(Step(name, start, self.text[start:end], words))
            parts += self.masked[done:start], SAID * (end - start)
            done = end
        if parts:
            self.masked = "".join(parts) + self.masked[done:]

    def _said(self, rule: Rule) -> Iterator[tuple[int, int, str, str]]:
        group = "w" if "w" in rule.pattern.groupindex else 0
        for found in rule.pattern.finditer(self.masked):
            words = rule.say(found)
            if words is not None:
                start, end = found.span(group) if found[group] is not None else found.span()
                yield start, end, words, rule.name

    def _spoken(self) -> Iterator[str]:
        done = 0
        for step in self.steps:
            yield self.text[done : step.start]
            yield step.spoken
            done = step.end
        yield self.text[done:]
