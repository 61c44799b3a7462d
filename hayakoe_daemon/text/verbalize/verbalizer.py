"""Text → words that a person would say, and which rules found them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hayakoe_daemon.text.home_rules import HomeRule
from hayakoe_daemon.text.verbalize import emoji, latin, loanwords
from hayakoe_daemon.text.verbalize.characters import prepared
from hayakoe_daemon.text.verbalize.draft import Draft, Step
from hayakoe_daemon.text.verbalize.rule import Rule
from hayakoe_daemon.text.verbalize.rules import (
    codes,
    dates,
    markup,
    networks,
    quantities,
    ranges,
    symbols,
    times,
    words,
)

_WRITTEN = (
    *networks.RULES,
    *dates.EARLY,
    *ranges.EARLY,
    *codes.STRICT,
    *dates.RULES,
    *times.RULES,
    *symbols.EARLY,
    *ranges.RULES,
    *symbols.MATHS,
    *quantities.EARLY,
    *codes.LOOSE,
    *quantities.RULES,
)
"""The order in which rules look at a text; what one has said, those after it do not see."""

RULES: tuple[Rule, ...] = (*markup.TAGS, *markup.MARKDOWN, *_WRITTEN, *symbols.LATE, *words.RULES)

_ONLY_WORDS = re.compile(r"[\s、。，．！？「」『』…ー々〆ヶぁ-ゖァ-ヺ一-\u9fff㐀-\u4dbf]*")
_LATIN = re.compile("[A-Za-z]")
_MARKDOWN = re.compile(r"^ *(?:[-*+•] |\[)|~~|\]\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Spoken:
    """`text` is what to say; `steps` are the rules that fired, in the order of the text."""

    text: str
    steps: tuple[Step, ...]


class Verbalizer:
    """Reads what is written the way homes write it.

    `keep` are words that are left as they are, those of the user's dictionary. `home_rules` come before all others.
    With `emoji_names` emoji are said by their Japanese names; otherwise they are silent.
    """

    def __init__(
        self, home_rules: Sequence[HomeRule] = (), keep: Iterable[str] = (), *, emoji_names: bool = False
    ) -> None:
        self._home_rules = tuple(home_rules)
        self._keep = _any_of(keep)
        self._emoji_names = emoji_names
        loanwords.load()

    def __call__(self, text: str) -> str:
        return self.spoken(text).text

    def spoken(self, text: str) -> Spoken:
        """What is said for the text, line by line as it was. Any str will do."""
        plain = prepared(text)
        draft = Draft(plain)
        if self._keep:
            draft.replace((*found.span(), found[0], "dictionary") for found in self._keep.finditer(draft.masked))
        for home_rule in self._home_rules:
            draft.replace(home_rule.matches(draft.masked))
        if not _ONLY_WORDS.fullmatch(draft.masked):
            self._read_signs(draft)
        for rule in words.RULES:
            draft.apply(rule)
        steps = draft.steps if plain == text else (Step("characters", 0, text, plain), *draft.steps)
        return Spoken(draft.spoken, steps)

    def _read_signs(self, draft: Draft) -> None:
        draft.replace(emoji.steps(draft.masked, named=self._emoji_names))
        has_latin = bool(_LATIN.search(draft.masked))
        for rule in markup.TAGS if "<" in draft.masked or "&" in draft.masked else ():
            draft.apply(rule)
        for rule in markup.MARKDOWN if _MARKDOWN.search(draft.masked) else ():
            draft.apply(rule)
        for rule in networks.RULES if has_latin or "." in draft.masked or ":" in draft.masked else ():
            draft.apply(rule)
        if has_latin:
            draft.replace((start, end, kana, "latin.name") for start, end, kana in latin.phrases(draft.masked))
        for rule in _WRITTEN[len(networks.RULES) :]:
            draft.apply(rule)
        if has_latin:
            draft.replace((start, end, said.kana, said.rule) for start, end, said in latin.words(draft.masked))
        for rule in symbols.LATE:
            draft.apply(rule)


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    """The words, longest first, none inside a Latin word or a number; a single kanji or kana is no word to leave alone
    (分 would be no minute any more)."""
    plain = {prepared(word) for word in words}
    longest_first = sorted((word for word in plain if len(word) > 1 or word.isascii()), key=len, reverse=True)
    edged = [_edge(word[0], "<") + re.escape(word) + _edge(word[-1], "") for word in longest_first if word]
    return re.compile("|".join(edged), re.IGNORECASE) if edged else None


def _edge(character: str, side: str) -> str:
    for kind in ("[A-Za-z]", "[0-9]"):
        if re.match(kind, character):
            return f"(?{side}!{kind})"
    return ""
