"""OpenJTalk: characters in, phones and the HTS voice's wave out. The only import of pyopenjtalk.

OpenJTalk is called by one thread at a time: the synthesis thread. The library has locks of its own, so that a second
one would wait and not crash.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

with contextlib.redirect_stdout(io.StringIO()):  # it prints advice to install an ONNX runtime, which we do without
    import pyopenjtalk

SAMPLE_RATE = 48_000
"""Hz, of the HTS voice mei_normal."""

FULL_SCALE = 32_768.0
"""HTS gives floats in the range of 16-bit integers."""

MAX_CHARACTERS = 1_000
"""More in one call is refused: OpenJTalk has buffers of fixed size, and it cannot be interrupted."""

_OPTIONS: dict[str, Any] = {
    # Sudachi's reader costs 80 MB of memory and reads no more sentences right; the other one needs an ONNX runtime.
    name: False
    for name in ("use_sudachi_kanji_yomi", "predict_nani")
    if name in inspect.signature(pyopenjtalk.run_frontend).parameters  # plain pyopenjtalk has neither
}


class _NoSudachi:
    """Stands for Sudachi where pyopenjtalk-plus would load it without asking: for a kanji its dictionary lacks.

    That would cost 80 MB for ever because of one character; without it the reading comes from a table of its own.
    """

    def tokenize(self, *_: object) -> tuple[()]:
        return ()


if importlib.util.find_spec("pyopenjtalk._unknown_kanji") is not None:
    importlib.import_module("pyopenjtalk._unknown_kanji").__dict__["get_sudachi_tokenizer"] = _NoSudachi

_PHONE = re.compile(r"-([^+]*)\+")
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RADICAL = re.compile("[\u2e80-\u2fdf]")
_PICTOGRAPH = re.compile("[\U0001f000-\U0001ffff]")
_PAUSES = ("、", "？", "！", "")
_LONG_VOWEL = "ー"
_VOICELESS = "’"
"""Stands after a mora whose vowel is only whispered."""


class G2PError(Exception):
    """OpenJTalk cannot read this text, or cannot say it; the message tells which, and why."""


@dataclass(frozen=True, slots=True)
class Label:
    """One phone and all that HTS knows of its surroundings.

    `phone` is `sil` at both ends, `pau` at a pause, else one of OpenJTalk's phones (`a`, `ky`, `cl`, `N`, `U`...).
    """

    context: str

    @property
    def phone(self) -> str:
        found = _PHONE.search(self.context)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as OpenJTalk returns it, which may be written otherwise than in the text (３ comes back as 三).

    `kana` is its sound in katakana, empty where OpenJTalk cannot read it or takes it for a pause.
    """

    text: str
    kana: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """One utterance: all its words, and the labels of what is said."""

    words: tuple[Word, ...]
    labels: tuple[Label, ...]


def labels(text: str) -> tuple[Label, ...]:
    """The full-context labels of one utterance; none where nothing in it is said. Raises G2PError."""
    return analyse(_PICTOGRAPH.sub("、", _RADICAL.sub(_as_kanji, _UNSPEAKABLE.sub(" ", text)))).labels


def analyse(text: str) -> Analysis:
    """The words of one utterance, with their labels. Raises G2PError."""
    if len(text) > MAX_CHARACTERS:
        raise G2PError(f"{len(text)} characters at once are more than the {MAX_CHARACTERS} that OpenJTalk is given")
    if not text.strip():
        return Analysis((), ())
    try:
        features = pyopenjtalk.run_frontend(text, **_OPTIONS)
        sayable = list(_sayable(features))
        contexts = pyopenjtalk.make_label(sayable) if sayable else ()
        return Analysis(tuple(map(_word, features)), tuple(map(Label, contexts)))
    except UnicodeError as error:
        raise G2PError(f"the text is not valid Unicode: {error}") from error
    except (RuntimeError, ValueError, MemoryError) as error:
        raise G2PError(f"OpenJTalk cannot read {text!r}: {error}") from error


def synthesize(utterance: Sequence[Label], speed: float = 1.0) -> npt.NDArray[np.float32]:
    """The wave of these labels, shape (n,), at SAMPLE_RATE, full scale 1. Raises G2PError.

    HTS promises no range: loud vowels reach 2, and its filter can run away to any number, infinity included. The
    caller looks at the peak.
    """
    try:
        wave, _ = pyopenjtalk.synthesize([label.context for label in utterance], speed)
    except (RuntimeError, ValueError, MemoryError) as error:
        raise G2PError(f"OpenJTalk's HTS engine failed: {error}") from error
    with np.errstate(over="ignore"):
        return np.asarray(wave / FULL_SCALE, dtype=np.float32)


def _word(feature: Mapping[str, Any]) -> Word:
    pron = feature["pron"]
    return Word(feature["string"], "" if pron in _PAUSES else pron.replace(_VOICELESS, ""))


def _as_kanji(radical: re.Match[str]) -> str:
    """⾜, as it comes out of some PDF files, is 足; a radical that is no kanji has no reading."""
    kanji = unicodedata.normalize("NFKC", radical[0])
    return kanji if kanji != radical[0] else " "


def _sayable(features: Sequence[Any]) -> Iterator[Any]:
    """The features without what has no sound where it stands: pauses before the first word, ー after nothing.

    make_label would drop them too, but writes a warning to stderr for each, and plain pyopenjtalk dies of the first.
    """
    spoken = after_sound = False
    for feature in features:
        if feature["pron"] in _PAUSES:
            after_sound = False
            if spoken:
                yield feature
            continue
        pron = feature["pron"]
        if not after_sound and pron.startswith(_LONG_VOWEL):
            pron = pron.lstrip(_LONG_VOWEL)
            if not pron:
                continue
            feature = {**feature, "pron": pron, "mora_size": feature["mora_size"] - len(feature["pron"]) + len(pron)}  # noqa: PLW2901, the word without its ー
        spoken = after_sound = True
        yield feature
