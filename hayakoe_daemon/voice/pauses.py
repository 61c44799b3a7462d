"""How long a reader rests between two sentences: the model is asked, with the whole text before it.

One pass of BERT and the duration predictor over the sentences in a row. A rest is what the model gives the mark that
ends a sentence and the blanks before and after it, at least 80 ms; the silence in which the sentence just spoken ends
is a part of it. HayaKoe rests as long (found from outside: fed with lengths and sound made for the purpose).
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hayakoe_daemon.audio.chunk import Samples
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.text.sentences import LINE_PAUSE, PARAGRAPH_PAUSE
from hayakoe_daemon.text.symbols import EDGE, PUNCTUATION
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.feeding import Feeder
from hayakoe_daemon.voice.said import Said
from hayakoe_daemon.voice.synthesizer import Counts, Synthesizer

SHORTEST = 0.08
"""Seconds of silence between two sentences, at least."""

WINDOW = 64
"""Characters that one pass takes, as many as a sentence of 10 s has: so a long text needs no more memory than a
sentence. Of the pauses in a text of 38 s none is another by more than 25 ms than in a pass over all of it."""

_FINAL = frozenset(".!?")

_READ_OTHERWISE = 4
"""Phones by which a sentence may be longer or shorter among its neighbours."""

_REMEMBERED = 8
"""Windows, of announcements that interrupt each other."""

_STEP = 0.01
_QUIET = 0.02
"""Silence is counted in steps of so many seconds, in which no sample is above this part of the sentence's peak."""


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences that are read in one pass: `passage[start:end]`."""

    start: int
    end: int


def window_around(passage: Sequence[Utterance], position: int) -> Window:
    """The window in which the sentence at `position` stands: as many sentences as fit, from the first on.

    The sentence that follows the last one of a window begins the next.
    """
    start = length = 0
    for index, utterance in enumerate(passage):
        length += len(utterance.text)
        if length > WINDOW and index > start:
            if position < index:
                return Window(start, index)
            start, length = index, len(utterance.text)
    return Window(start, len(passage))


def windows_after(passage: Sequence[Utterance], window: Window) -> Iterator[Window]:
    """Those that follow it in the passage."""
    while window.end < len(passage):
        window = window_around(passage, window.end)
        yield window


def joined(sentences: Sequence[Utterance]) -> str:
    """The text of a pass, its line ends put back: a mark stands for each."""
    text = ""
    for utterance in sentences:
        text += utterance.text
        if not utterance.asked and utterance.pause_after >= LINE_PAUSE:
            text += "\n\n" if utterance.pause_after >= PARAGRAPH_PAUSE else "\n"
    return text


def frames_of_rests(
    phonemes: Phonemes, frames: Sequence[int] | Counts, sentences: Sequence[Sequence[str]]
) -> tuple[int, ...]:
    """Frames of the rest after each sentence, 0 where it ends without a mark.

    `phonemes` are those of all sentences in a row and `frames` their durations, blanks included; `sentences` the phones
    of each one alone. A sentence is found again in the row by how many phones are said until its end: of the runs of
    marks, the one nearest to that, as a word may be read otherwise among its neighbours.
    """
    runs = list(_runs_of_marks(phonemes.phones))
    rests: list[int] = []
    said = 0
    for sentence in sentences:
        said += sum(phone not in PUNCTUATION and phone != EDGE for phone in sentence)
        near = [run for run in runs if abs(run.said - said) <= _READ_OTHERWISE]
        rests.append(_rest(min(near, key=lambda run: abs(run.said - said)), frames) if near else 0)
    return tuple(rests)


class Rests:
    """The rests of a text as the model gives them, computed when the first of them is asked for, window by window."""

    def __init__(self, feeder: Feeder, synthesizer: Synthesizer, said: Said | None = None) -> None:
        self._said = said
        self._feeder = feeder
        self._synthesizer = synthesizer
        self._known: OrderedDict[tuple[tuple[Utterance, ...], Manner], tuple[float, ...]] = OrderedDict()
        self._told = True
        self._lock = threading.Lock()

    def after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float | None:
        """Seconds of silence between `passage[position]` and the next sentence, that at both their ends included.

        None where the model does not tell lengths. Raises EngineError.
        """
        window = window_around(passage, position)
        key = (tuple(passage[window.start : window.end]), manner)
        if key not in self._known and self._told:
            following = (joined(passage[one.start : one.end]) for one in windows_after(passage, window))
            self._predict(*key, following)
        rests = self._known.get(key)
        return None if rests is None else rests[position - window.start]

    def kept(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float | None:
        """As `after`, for any thread: None where the model would have to be asked. Raises EngineError."""
        window = window_around(passage, position)
        sentences = passage[window.start : window.end]
        if self._said is None:
            return None
        rests = self._said.rests(self._feeder.read(joined(sentences)), manner, len(sentences))
        return None if rests is None else rests[position - window.start]

    def _predict(self, sentences: Sequence[Utterance], manner: Manner, then: Iterator[str]) -> None:
        phonemes = self._feeder.read(joined(sentences))
        rests = self._said.rests(phonemes, manner, len(sentences)) if self._said is not None else None
        if rests is None:
            rests = self._computed(sentences, phonemes, manner, then)
            if rests is None:
                self._told = False  # and never will
                return
            if self._said is not None:
                self._said.note_rests(phonemes, manner, rests)
        with self._lock:
            self._known[tuple(sentences), manner] = rests
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _computed(
        self, sentences: Sequence[Utterance], phonemes: Phonemes, manner: Manner, then: Iterator[str]
    ) -> tuple[float, ...] | None:
        frames = self._synthesizer.durations(self._feeder.feed(phonemes, manner, then), manner.seed)
        if frames is None:
            return None
        alone = [self._feeder.read(one.text).phones if one.text else () for one in sentences]
        second = self._synthesizer.sample_rate / self._synthesizer.hop_length
        return tuple(max(SHORTEST, count / second) for count in frames_of_rests(phonemes, frames, alone))


@dataclass(frozen=True, slots=True)
class _Run:
    """Marks in a row: the place of the first, the marks, and how many phones are said before them."""

    start: int
    marks: tuple[str, ...]
    said: int


def _runs_of_marks(phones: Sequence[str]) -> Iterator[_Run]:
    said = place = 0
    for is_mark, run in itertools.groupby(phones, PUNCTUATION.__contains__):
        members = tuple(run)
        if is_mark:
            yield _Run(place, members, said)
        else:
            said += sum(phone != EDGE for phone in members)
        place += len(members)


def _rest(run: _Run, frames: Sequence[int] | Counts) -> int:
    """Of the last mark that ends a sentence, or else of the last one, such as a comma at which a long one was cut."""
    final = [index for index, mark in enumerate(run.marks) if mark in _FINAL] or [len(run.marks) - 1]
    blank_before = 2 * (run.start + final[-1])
    return int(sum(frames[blank_before : blank_before + 3]))


def silence_at_end(samples: Samples, sample_rate: int) -> float:
    """Seconds, in whole steps of 10 ms; all of it where nothing sounds."""
    step = max(1, round(_STEP * sample_rate))
    loud = np.flatnonzero(np.abs(samples) > _QUIET * np.abs(samples).max(initial=0.0))
    if not len(loud):
        return len(samples) / sample_rate
    return (len(samples) - 1 - int(loud[-1])) // step * step / sample_rate
