"""What people may write into a text besides the text: `｜漢字《かんじ》` for a reading, `[pause 500]` for a silence.

The readings are written as in the files of Aozora Bunko. The bar may be left out where a run of kanji stands before
a reading in kana. Whatever is no such markup stays text, to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PAUSE = 10.0
"""Seconds; a longer `[pause ...]` is no pause but text."""

_KANJI = "\u3005\u3007\u30f5\u30f6\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u3096\u30a1-\u30fa\u30fc\u30fb\uff66-\uff9f"

_MARKUP = re.compile(
    rf"""
    [｜|] (?P<base>[^｜|《》\n]+) 《 (?P<reading>[^｜|《》\n]+) 》
    | (?<![{_KANJI}]) (?P<run>[{_KANJI}]++) 《 (?P<kana>[{_KANA}]+) 》
    | [\[［] \s{{0,9}} pause \s{{0,9}} (?P<pause>[0-9０-９]{{1,5}}) \s{{0,9}} (?:ms \s{{0,9}})? [\]］]
    """,
    re.VERBOSE | re.IGNORECASE,
)

TO_KATAKANA = {code: code + 0x60 for code in [*range(0x3041, 0x3097), 0x309D, 0x309E]}


@dataclass(frozen=True, slots=True)
class Words:
    """A stretch of text: `spoken` is what is read, `shown` what is written.

    They differ where a reading was given, and then the whole is one word that must not be cut.
    """

    spoken: str
    shown: str

    @property
    def is_reading(self) -> bool:
        return self.spoken != self.shown


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence that was asked for, 0 to MAX_PAUSE seconds."""

    seconds: float

    def __post_init__(self) -> None:
        if not 0 <= self.seconds <= MAX_PAUSE:
            raise ValueError(f"a pause of {self.seconds} s is not within 0-{MAX_PAUSE}")


Part = Words | Pause


def parse(text: str) -> tuple[Part, ...]:
    """The parts of the text in order; no part is empty. Joined, what is `shown` is the text without its markup."""
    return tuple(_parts(text))


def plain(text: str) -> str:
    """The text without markup: `｜今日《きょう》は[pause 500]晴れ` is shown as `今日は晴れ`."""
    return "".join(part.shown for part in _parts(text) if isinstance(part, Words))


def _parts(text: str) -> Iterator[Part]:
    start = 0
    for found in _MARKUP.finditer(text):
        part = _part(found)
        if part is None:
            continue
        if found.start() > start:
            yield _as_written(text[start : found.start()])
        yield part
        start = found.end()
    if start < len(text):
        yield _as_written(text[start:])


def _as_written(text: str) -> Words:
    return Words(spoken=text, shown=text)


def _part(found: re.Match[str]) -> Part | None:
    if found["pause"] is not None:
        seconds = int(found["pause"]) / 1000
        return Pause(seconds) if seconds <= MAX_PAUSE else None
    base, reading = found["base"] or found["run"], found["reading"] or found["kana"]
    if not base.strip() or not reading.strip():
        return None
    # Hiragana would be taken for grammar: the は of こんにちは is said ワ, that of ハ is not.
    return Words(spoken=reading.strip().translate(TO_KATAKANA), shown=base)
