"""OpenJTalk: characters in, phones and the HTS voice's wave out. The only import of pyopenjtalk.

OpenJTalk reads for one thread at a time, and is one for the whole process: its locks are its own, and so is what it
has been taught of the user's words.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import inspect
import io
import os
import re
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.text.dictionary import UserWord
from hayakoe_daemon.text.errors import G2PError
from hayakoe_daemon.text.user_words import UserWords

__all__ = ["SAMPLE_RATE", "Analysis", "G2PError", "Label", "Word", "analyse", "labels", "synthesize", "teach"]


@contextlib.contextmanager
def _as_if_not_installed(library: str) -> Iterator[None]:
    loaded = sys.modules.get(library)
    sys.modules[library] = None  # type: ignore[assignment]  # how Python notes that there is no such module
    try:
        yield
    finally:
        del sys.modules[library]
        if loaded is not None:
            sys.modules[library] = loaded


# With an ONNX runtime it loads a model that is never asked (predict_nani below), 29 MB; without, it prints advice.
with _as_if_not_installed("onnxruntime"), contextlib.redirect_stdout(io.StringIO()):
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

_IS_PLUS = bool(_OPTIONS)
_JAPANESE = {",": "、", ".": "。"}
_NOT_IN_A_NUMBER = re.compile(r"(?<![0-9０-９])[,.]|[,.](?![0-9０-９])")
"""pyopenjtalk-plus reads more sentences right with Japanese marks between the words (ROHAN: 92.1 % instead of 91.7);
plain pyopenjtalk gets the voices' marks, as in their training."""


class _NoSudachi:
    """Stands for Sudachi where pyopenjtalk-plus would load it without asking: for a kanji its dictionary lacks.

    That would cost 80 MB for ever because of one character; without it the reading comes from a table of its own.
    """

    def tokenize(self, *_: object) -> tuple[()]:
        return ()


if importlib.util.find_spec("pyopenjtalk._unknown_kanji") is not None:
    importlib.import_module("pyopenjtalk._unknown_kanji").__dict__["get_sudachi_tokenizer"] = _NoSudachi


class _Taught:
    """What the one OpenJTalk of this process has been taught; changed together with it, under the lock below."""

    words = UserWords(())


_taught = _Taught()
_one_at_a_time = threading.Lock()

_PHONE = re.compile(r"-([^+]*)\+")
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RADICAL = re.compile("[\u2e80-\u2fdf]")
_PICTOGRAPH = re.compile("[\U0001f000-\U0001ffff]")
_GUESSED = ("フィラー", "記号")
"""The parts of speech of what OpenJTalk does not know."""
_PAUSES = ("、", "？", "！", "")
_LONG_VOWEL = "ー"
_VOICELESS = "’"
"""Stands after a mora whose vowel is only whispered."""


_NO_WORD = "\uf8ff,1348,1348,0,名詞,固有名詞,一般,*,*,*,\uf8ff,ア,ア,0/1,C4\n"
"""MeCab compiles no empty dictionary, and plain pyopenjtalk cannot take one back: so one word that no text holds."""


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
    """One utterance: the text that OpenJTalk was given, all its words, and the labels of what is said."""

    text: str
    words: tuple[Word, ...]
    labels: tuple[Label, ...]


def labels(text: str) -> tuple[Label, ...]:
    """The full-context labels of one utterance; none where nothing in it is said. Raises G2PError."""
    return analyse(text, _speakable).labels


def analyse(text: str, spell: Callable[[str], str]) -> Analysis:
    """The words of one utterance, with their labels. `spell` makes of the text what OpenJTalk is to read, and leaves
    private use characters alone, which stand for the user's words by then. Raises G2PError."""
    if len(text) > MAX_CHARACTERS:
        raise G2PError(f"{len(text)} characters at once are more than the {MAX_CHARACTERS} that OpenJTalk is given")
    with _one_at_a_time:
        try:
            marked = _taught.words.mark(text, lambda: _known(spell(text)))
            spelled = spell(marked.text)
            features = _features(spelled)
            sayable = list(_sayable(features))
            contexts = pyopenjtalk.make_label(sayable) if sayable else ()
        except UnicodeError as error:
            raise G2PError(f"the text is not valid Unicode: {error}") from error
        except (RuntimeError, ValueError, MemoryError) as error:
            raise G2PError(f"OpenJTalk cannot read {text[:80]!r}: {error}") from error
    restore = marked.restorer()
    words = tuple(Word(restore(feature["string"]), _kana(feature["pron"])) for feature in features)
    return Analysis(marked.restorer()(spelled), words, tuple(map(Label, contexts)))


def teach(words: Sequence[UserWord]) -> None:
    """From now on these are the user's words, whatever they were before. Raises G2PError, and the old ones count."""
    if not words and not _taught.words:
        return
    taught = UserWords(words)
    try:
        with _one_at_a_time, tempfile.TemporaryDirectory(prefix="hayakoe-words-") as folder:
            rows, compiled = Path(folder, "words.csv"), Path(folder, "words.dic")
            rows.write_text("".join(taught.rows()) or _NO_WORD, encoding="utf-8")
            with _quiet():
                pyopenjtalk.mecab_dict_index(str(rows), str(compiled))
            if not compiled.is_file() or not compiled.stat().st_size:  # plain pyopenjtalk dies of such a dictionary
                raise G2PError("OpenJTalk could not compile the user's words")
            pyopenjtalk.update_global_jtalk_with_user_dict(str(compiled))
            _taught.words = taught
    except (RuntimeError, ValueError, OSError) as error:
        raise G2PError(f"OpenJTalk does not take the user's words: {error}") from error


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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing on standard output: MeCab draws a progress bar there, from C, and buffers it."""
    libc = ctypes.CDLL(None)
    sys.stdout.flush()
    libc.fflush(None)
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            yield
            libc.fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _features(text: str) -> Sequence[Any]:
    if _IS_PLUS:
        text = _NOT_IN_A_NUMBER.sub(lambda mark: _JAPANESE[mark[0]], text)
    return pyopenjtalk.run_frontend(text, **_OPTIONS) if text.strip() else ()


def _known(text: str) -> Iterator[str]:
    """The words that stand in OpenJTalk's own dictionary, of those that it sees in the text."""
    return (feature["string"] for feature in _features(text) if feature["pos"] not in _GUESSED)


def _kana(pron: str) -> str:
    return "" if pron in _PAUSES else pron.replace(_VOICELESS, "")


def _speakable(text: str) -> str:
    return _PICTOGRAPH.sub("、", _RADICAL.sub(_as_kanji, _UNSPEAKABLE.sub(" ", text)))


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
