"""Text → utterances: where a reader would stop and take breath.

The same text always gives the same utterances, because the journal keeps their index over restarts. Voices trim the
silence around what they say, so the pauses between sentences are made here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hayakoe_daemon.text import cutting
from hayakoe_daemon.text.markup import MAX_PAUSE, Pause, Words, parse
from hayakoe_daemon.text.utterance import Utterance

SENTENCE_PAUSE = 0.45
LINE_PAUSE = 0.65
PARAGRAPH_PAUSE = 0.95
"""Seconds of silence after a sentence, a line, and before an empty line. Voices leave about 0.1 s of their own; the HTS
voice rests 0.4 s at a comma, and a sentence's end should be longer."""

_ENDS = "。｡！？!?．‼⁇⁈⁉"
_CLOSERS = "」』）)］\\]】〉》〕｝}”’\"'"
_BOUNDARY = re.compile(
    rf"""
    (?P<lines> \n \s*+ )
    | (?: (?<![0-9０-９])．++ | [。｡！？!?‼⁇⁈⁉][{_ENDS}]*+ | ．++(?![0-9０-９]) )
      (?: [{_CLOSERS}]++ (?!と|って) | (?![{_CLOSERS}]) )  # 「はい。」と言った is one sentence
    """,
    re.VERBOSE,
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,15}://[!-~]+|(?<=[0-9A-Za-z])[!?](?=[0-9A-Za-z])", re.IGNORECASE)
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSPEAKABLE = re.compile(r"[\x00-\x09\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# Letters and digits aside, what OpenJTalk has a word for (％ and ＃ come from text.verbalize, later).
_SPOKEN_SYMBOLS = frozenset("&+@\\£¥×÷‰℃○♀♂♨〄〒＆＋＠￥%％°") | frozenset(chr(code) for code in range(0x3300, 0x3400))
_SILENT_LETTERS = frozenset("っッｯ")


@dataclass(frozen=True, slots=True)
class _Sentence:
    """What is between two boundaries, and the silence that its end asks for (0 where nothing ends it)."""

    stretch: cutting.Stretch
    pause: float


def split(text: str, say: Callable[[str], str] = str) -> tuple[Utterance, ...]:
    """The utterances of an announcement in order, each at most MAX_CHARACTERS long; none where nothing is to be said.

    `say` gives the words for what is written, for each stretch between readings and pauses that were asked for. It
    comes before sentences are looked for: whether a point ends one or stands in a number is known afterwards.

    A sentence ends at 。！？ and their like, with the brackets that close after them, and at the end of a line (for
    OpenJTalk a newline is nothing, and two lines would run into one word). A `[pause]` takes the place of the pause
    that would stand there; one before the first word comes as an utterance without text. Stretches without speech
    vanish. Any str will do: control characters and lone surrogates count as spaces.
    """
    texts: list[str] = []
    pauses: list[tuple[float, bool]] = []
    natural = 0.0
    asked: float | None = None
    for item in _items(text, say):
        if isinstance(item, Pause):
            asked = min((asked or 0.0) + item.seconds, MAX_PAUSE)
            continue
        for piece, comma in cutting.pieces(item.stretch):
            if has_speech(piece):
                if texts:
                    pauses.append(_pause(natural, asked))
                elif asked is not None:
                    texts.append("")
                    pauses.append(_pause(natural, asked))
                texts.append(piece)
                natural, asked = 0.0, None
            natural = max(natural, comma)
        natural = max(natural, item.pause)
    if asked is not None and not texts:
        texts.append("")
    pauses.append(_pause(0.0, asked))
    return tuple(Utterance(index, said, *pause) for index, (said, pause) in enumerate(zip(texts, pauses, strict=False)))


def _pause(natural: float, asked: float | None) -> tuple[float, bool]:
    return (natural, False) if asked is None else (asked, True)


def has_speech(text: str) -> bool:
    """False where there is nothing to say: only punctuation, emoji, white space."""
    return any(
        (character.isalnum() and character not in _SILENT_LETTERS and unicodedata.category(character) != "Lm")
        or character in _SPOKEN_SYMBOLS
        for character in text
    )


def _items(text: str, say: Callable[[str], str]) -> Iterator[_Sentence | Pause]:
    clean = _UNSPEAKABLE.sub(" ", _LINE_ENDS.sub("\n", text))
    words: list[Words] = []
    for part in parse(clean):
        if isinstance(part, Words):
            words.append(part if part.is_reading else _as_said(say(part.spoken)))
            continue
        yield from _sentences(words)
        words = []
        yield part
    yield from _sentences(words)


def _as_said(text: str) -> Words:
    return Words(spoken=text, shown=text)


def _sentences(words: Sequence[Words]) -> Iterator[_Sentence]:
    stretch = cutting.Stretch.of(words)
    # Readings and addresses hold no boundaries: their characters are masked, one for one.
    masked = _ADDRESS.sub(lambda found: "x" * len(found[0]), stretch.masked)
    start = 0
    for found in _BOUNDARY.finditer(masked):
        if found["lines"] is not None:
            pause = PARAGRAPH_PAUSE if found["lines"].count("\n") > 1 else LINE_PAUSE
        else:
            pause = SENTENCE_PAUSE
        yield _Sentence(stretch.between(start, found.end()), pause)
        start = found.end()
    if start < len(masked):
        yield _Sentence(stretch.between(start, len(masked)), 0.0)
