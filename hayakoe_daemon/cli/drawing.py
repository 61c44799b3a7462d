"""A reading as a picture: the accent drawn over the moras, the words above, the phones below."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from hayakoe_daemon.text.g2p import Reading, SpokenMora, SpokenWord
from hayakoe_daemon.text.symbols import PUNCTUATION
from hayakoe_daemon.text.tokenizer import Tokenizer
from hayakoe_daemon.text.verbalize import Step

_MARGIN = 8
"""Columns for the names of the rows."""

_Block = tuple[str, str, str, str]
"""A word, its accent, its moras and its phones, all of one width."""


_ROWS = ("word", "accent", "said", "phones")


def drawn(text: str, reading: Reading, tokenizer: Tokenizer | None, width: int) -> str:
    """What a terminal of that many columns shows."""
    lines = [_row("text", text)]
    if reading.normalized != text:
        lines.append(_row("as", reading.normalized))
    lines.append(_row("kana", reading.kana))
    bert = reading.phonemes().text
    if bert != reading.normalized:
        lines.append(_row("BERT", bert))
    if tokenizer is not None:
        lines.append(_row("ids", " ".join(map(str, tokenizer.ids(bert)))))
    following = [word.moras[0] for word in reading.words[1:]]
    blocks = [_block(word, after) for word, after in zip(reading.words, [*following, None], strict=True)]
    for part in _parts(blocks, max(width - _MARGIN, 20)):
        lines += ["", *(_row(name, "".join(cells)) for name, cells in zip(_ROWS, zip(*part, strict=True), strict=True))]
    return "\n".join(lines)


def rules_drawn(text: str, steps: Sequence[Step]) -> str:
    """What was written, and which rule says what for which part of it."""
    lines = [_row("written", text)]
    lines += [_row("rule", f"{step.rule}: {step.written} → {step.spoken or 'silent'}") for step in steps]
    return "\n".join(lines)


def _row(name: str, content: str) -> str:
    return f"{name:<{_MARGIN}}{content}".rstrip()


def _block(word: SpokenWord, following: SpokenMora | None) -> _Block:
    """A word over its moras, two columns from the next."""
    accent = said = phones = ""
    for mora, after in zip(word.moras, [*word.moras[1:], following], strict=True):
        sounds = " ".join(mora.phones)
        width = max(_columns(mora.kana), len(sounds))
        last = after is following and mora is word.moras[-1]
        if last:
            width = max(width, _columns(word.text) - _columns(said))
        gap = 2 if last else 1
        accent += ("─" if mora.tones[0] else " ") * width + _step(mora, after) + _level(mora, after) * (gap - 1)
        said += _padded(mora.kana, width + gap)
        phones += _padded(sounds, width + gap)
    return _padded(word.text, _columns(said)), accent, said, phones


def _step(mora: SpokenMora, after: SpokenMora | None) -> str:
    """What joins two moras: the voice rises, falls, or stays within a phrase; a phrase begins anew."""
    if after is None or after.first or set(after.phones) <= PUNCTUATION:
        return " "
    return {(0, 1): "┌", (1, 0): "┐", (1, 1): "─"}.get((mora.tones[-1], after.tones[0]), " ")


def _level(mora: SpokenMora, after: SpokenMora | None) -> str:
    return "─" if _step(mora, after) in "┌─" else " "


def _parts(blocks: Sequence[_Block], width: int) -> Iterator[list[_Block]]:
    """The blocks in lines of that width; one that is wider stands alone."""
    line: list[_Block] = []
    used = 0
    for block in blocks:
        columns = _columns(block[0])
        if line and used + columns > width:
            yield line
            line, used = [], 0
        line.append(block)
        used += columns
    if line:
        yield line


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - _columns(text))


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
