"""Whatever the characters: the invariants hold, nothing raises but G2PError, and nothing takes long."""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from hayakoe_daemon.text.g2p import G2PError, read
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.text.symbols import PUNCTUATION
from tests.support.waiting import patient

SLOWEST = patient(0.050)
"""Seconds for one text."""

_WORDS = (
    "今日は",
    "雨が",
    "降る",
    "洗濯機",
    "東京都",
    "人々",
    "LED",
    "12月",
    "3.5度",
    "10,000円",
    "何でも",
    "グェンさん",
    "℃",
    "㍻",
)
_KANA = [chr(code) for code in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FD), *range(0xFF61, 0xFFA0))]
_MARKS = "。、！？!?…・「」（）'\"-—～ー　 \n\x00゛゜々〇ゝ♪\u200d"


def _character(at: random.Random) -> str:
    return chr(at.randrange(0x110000))


def _kanji(at: random.Random) -> str:
    return chr(at.randrange(0x4E00, 0xA000))


_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _character,
    _kanji,
    lambda at: at.choice(_WORDS),
    lambda at: at.choice(_KANA),
    lambda at: at.choice(_MARKS),
    lambda at: chr(at.randrange(0x20, 0x600)),
    lambda at: chr(at.randrange(0xD7F0, 0xE010)),
    lambda at: at.choice("っんーァャヮヵヶッンヴ゛") * at.randrange(1, 6),
)


def texts(seed: int, count: int) -> Iterator[str]:
    at = random.Random(seed)
    for _ in range(count):
        kinds = at.sample(_KINDS, at.randrange(1, len(_KINDS) + 1))
        yield "".join(at.choice(kinds)(at) for _ in range(at.choice((1, 2, 5, 15, 40))))[:120]


def check(text: str) -> None:
    reading = read(text)
    found: Phonemes = reading.phonemes()  # checks what fits together when it is made
    ids = found.ids()
    assert len(ids.phones) == len(ids.tones) == len(ids.languages) == sum(ids.word2ph) == 2 * len(found.phones) + 1
    assert "".join(word.text for word in reading.words) == found.text
    assert [phone for word in reading.words for phone in word.phones] == list(found.phones[1:-1])
    if set(reading.normalized) <= PUNCTUATION:
        assert found.text == reading.normalized
        assert found.phones[1:-1] == tuple(reading.normalized)
    reading.normalized.encode()
    reading.kana.encode()


def run(seed: int, count: int) -> list[tuple[float, str]]:
    """Seconds and text of those that took too long."""
    read("最初は辞書を読む")
    gc.collect()
    gc.freeze()  # what the test run has piled up is not to be walked through in a text's time
    try:
        return _slow(seed, count)
    finally:
        gc.unfreeze()


def _slow(seed: int, count: int) -> list[tuple[float, str]]:
    slow = []
    for text in texts(seed, count):
        begun = time.thread_time()
        try:
            check(text)
        except G2PError:
            continue
        except Exception:
            print(repr(text), file=sys.stderr)  # noqa: T201, the text that did it
            raise
        if (took := time.thread_time() - begun) > SLOWEST:
            slow.append((took, text))
    return slow


def test_any_text() -> None:
    assert run(seed=1, count=3_000) == []


@pytest.mark.long
def test_a_hundred_thousand_texts() -> None:
    assert run(seed=2, count=100_000) == []
