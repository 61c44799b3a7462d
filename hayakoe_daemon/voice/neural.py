"""A Style-Bert-VITS2 voice as the ladder knows it: text in, levelled sound and natural pauses out."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from hayakoe_daemon.audio.chunk import AudioChunk, Samples
from hayakoe_daemon.audio.level import amplify, gain_to
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.text.sentences import PARAGRAPH_PAUSE
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.typed import installing
from hayakoe_daemon.voice import pitch
from hayakoe_daemon.voice.cache.cache import RenderCache
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.feeding import Feeder
from hayakoe_daemon.voice.noise import sentence_seed
from hayakoe_daemon.voice.pauses import SHORTEST, Rests, silence_at_end
from hayakoe_daemon.voice.plan import Piece, Start
from hayakoe_daemon.voice.recall import Recalled
from hayakoe_daemon.voice.said import Said
from hayakoe_daemon.voice.store.files import VoiceFiles
from hayakoe_daemon.voice.style import Styles
from hayakoe_daemon.voice.synthesizer import BertModel, Feed, Floats, Synthesizer
from hayakoe_daemon.voice.tempo import Tempo

_FIRST_WORD = "はい。"
"""Said first, as the first run of a graph is slow and says nothing about those that follow."""

_REFERENCE = "今日の天気は、晴れのち曇りでしょう。"
"""Said at warm-up to measure loudness and speed; ordinary in its sounds and its length."""

_WARMING = 0
"""The seed of what is said at warm-up, so that the gain is the same after each start."""

_REMEMBERED = 16
"""Sentences whose silence at the end is known, of announcements that interrupt each other."""


_EXPECTED = 4
"""Passages that are kept in mind, of announcements that interrupt each other."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is kept of what a voice has said; `models` name its synthesizer and BERT, by which it is found again."""

    cache: RenderCache
    models: tuple[str, ...]


class NeuralVoice:
    """`bert` is shared, and not closed with the voice.

    `measure` gives the loudness of a chunk in LUFS (ITU-R BS.1770); at warm-up the voice is set to `target_loudness` by
    one constant gain, so that whispers stay softer than shouts. A sentence keeps the silence at its ends that the model
    gave it: the pause after it is shorter by that. What it has said in the `past` it says again without its models;
    with the `gain` that it had then it can do so before it is warmed up. `levelled` is told of the gain that was found.
    """

    def __init__(
        self,
        files: VoiceFiles,
        bert: BertModel,
        synthesizer: Synthesizer,
        *,
        measure: Callable[[AudioChunk], float],
        target_loudness: float,
        past: Past | None = None,
        gain: float | None = None,
        levelled: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.name = files.name
        self._styles = Styles(files.style_vectors, files.config.styles)
        self._synthesizer = synthesizer
        self._measure = measure
        self._target_loudness = target_loudness
        self._feeder = Feeder(bert, self._styles, next(iter(files.config.speakers.values()), 0))
        self._said = None if past is None else Said(past.cache, self._feeder, past.models)
        self._rests = Rests(self._feeder, synthesizer, self._said)
        self._silences: OrderedDict[tuple[str, Manner], float] = OrderedDict()
        self._expected: deque[tuple[Utterance, ...]] = deque(maxlen=_EXPECTED)
        self._tempo = Tempo()
        self._gain = gain
        self._levelled = levelled
        self._lock = threading.Lock()
        """Of what it remembers, where several sentences are spoken at once."""

    @property
    def styles(self) -> Sequence[str]:
        return self._styles.names

    @property
    def gain(self) -> float | None:
        """By what its sound is multiplied to be as loud as wanted; None before it is warmed up."""
        return self._gain

    def warm_up(self) -> None:
        """Find the gain, and how fast this machine speaks. Raises EngineError."""
        self._say(_FIRST_WORD)
        self._tempo = Tempo()
        loudness = self._measure(self._say(_REFERENCE))
        self._say(_FIRST_WORD)  # again: a short one and an ordinary one tell what grows with the length
        if not np.isfinite(loudness):
            raise EngineError(f"{self.name} is silent: its model gave no sound for a test sentence")
        self._gain = gain_to(self._target_loudness, loudness)
        self._levelled(self._gain)

    def expect(self, utterances: Sequence[Utterance]) -> None:
        """These will probably be spoken next, in this order; any thread may tell. Of use on a graphics card alone."""
        self._expected.append(tuple(utterances))

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        """The sound as the synthesizer gives it, piece by piece, levelled; in one piece where its pitch is changed.

        Nothing where the text has no sound, such as 한국어. Raises EngineError, and warms up where nobody has.
        """
        phonemes = self._feeder.read(utterance.text)
        if phonemes.silent:
            return
        if self._gain is None:
            self.warm_up()
        then = self._following(utterance, manner)
        manner = _of_sentence(manner, utterance)
        pieces: list[Samples] = []
        for piece in self._known_or_new(utterance.text, phonemes, manner, then):
            pieces.append(piece.samples)
            sound = amplify(piece, self._gain or 1.0)
            yield Piece(sound.samples, sound.sample_rate, piece.outlook if isinstance(piece, Piece) else None)
        self._remember_silence(utterance.text, manner, np.concatenate(pieces))

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        """The rest that the model gives, less the silence in which the sentence has ended; more before a paragraph.

        80 ms where the model does not tell. A pause that the text asked for is as asked, and where a sentence was cut
        between two words there is none. Raises EngineError.
        """
        spoken = passage[position]
        if spoken.asked or not spoken.pause_after:
            return spoken.pause_after
        rest = self._rests.after(passage, position, manner)
        if rest is None:
            return SHORTEST
        return _pause(spoken, rest, self._silences.get((spoken.text, _of_sentence(manner, spoken)), 0.0))

    def knows(self, utterance: Utterance, manner: Manner) -> bool:
        """Whether it has said this before, so that it needs no model for it; any thread may ask."""
        if self._said is None or not utterance.text:
            return not utterance.text
        try:
            return self._said.holds(utterance.text, _of_sentence(manner, utterance))
        except EngineError:
            return False

    def recall(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Recalled | None:
        """The sentence with the pause after it as it has said them before; any thread may ask."""
        spoken = passage[position]
        if self._said is None or self._gain is None or not spoken.text:
            return None
        try:
            sound = self._said.sound(self._feeder.read(spoken.text), _of_sentence(manner, spoken))
            rest = self._rests.kept(passage, position, manner)
        except EngineError:
            return None
        if sound is None:
            return None
        pause: float | None = spoken.pause_after
        if pause and not spoken.asked:
            pause = None if rest is None else _pause(spoken, rest, silence_at_end(sound.samples, sound.sample_rate))
        return Recalled(amplify(sound, self._gain), pause, self.remark(manner))

    def first_sound_in(self, utterance: Utterance, manner: Manner) -> float:
        """Seconds, as those took that were spoken before, less what was done of it; 0 for what it has said before."""
        if self.knows(utterance, manner):
            return 0.0
        takes = self._tempo.first_sound_in(utterance.text, manner.length_scale)
        try:
            done = 0.0 if self._said is None else self._said.under_way(utterance.text, _of_sentence(manner, utterance))
        except EngineError:
            done = 0.0
        return max(0.0, takes - done)

    def remark(self, manner: Manner) -> str | None:
        """A style that it does not have; pitch and intonation where pyworld is not installed; a seed where the model
        draws its noise itself.
        """
        remarks = []
        if manner.style is not None and manner.style not in self.styles:
            known = ", ".join(self.styles)
            remarks.append(
                f"{self.name}: there is no style {manner.style}, so {self.styles[0]} was used; allowed: {known}"
            )
        if pitch.asked(manner) and not pitch.available():
            remarks.append(
                f"{self.name}: pitch_scale and intonation_scale were passed over; "
                f"they need pyworld: {installing('pitch')}"
            )
        if manner.seed is not None and not self._synthesizer.seeded:
            remarks.append(
                f"{self.name}: the seed was passed over; this voice is not prepared in parts and draws its noise itself"
            )
        return "; ".join(remarks) or None

    def close(self) -> None:
        self._synthesizer.close()

    def _say(self, text: str) -> AudioChunk:
        """As `speak` does, in the voice's own way, as loud as the model is, made anew and the same each time."""
        pieces = [piece.samples for piece in self._pieces(text, self._feeder.read(text), Manner(seed=_WARMING))]
        return AudioChunk(np.concatenate(pieces), self._synthesizer.sample_rate)

    def _following(self, utterance: Utterance, manner: Manner) -> Iterator[str]:
        """What will probably be made after it."""
        passage = next((passage for passage in reversed(self._expected.copy()) if utterance in passage), ())
        for one in passage[passage.index(utterance) + 1 :] if passage else ():
            if not self.knows(one, manner):
                yield one.text

    def _known_or_new(self, text: str, phonemes: Phonemes, manner: Manner, then: Iterable[str]) -> Iterator[AudioChunk]:
        if self._said is None:
            return self._pieces(text, phonemes, manner, then)
        return self._said.through(phonemes, manner, text, lambda: self._pieces(text, phonemes, manner, then))

    def _pieces(self, text: str, phonemes: Phonemes, manner: Manner, then: Iterable[str] = ()) -> Iterator[Piece]:
        begun = time.perf_counter()
        feed = self._feeder.feed(phonemes, manner, then)
        waited: float | None = None
        rested = 0.0  # before the first sound, for another sentence
        count = 0
        with closing(self._changed(feed, manner)) as sound:  # left at once where nobody wants the rest
            for piece in sound:
                if waited is None and len(piece):
                    waited = time.perf_counter() - begun - rested + self._held_back(piece)
                count += len(piece)
                left = time.perf_counter()
                yield Piece(piece, self._synthesizer.sample_rate, self._synthesizer.outlook)
                rested += time.perf_counter() - left
        if waited is None:
            raise EngineError(f"{self.name} gave no sound")
        scale = feed.sampling.length_scale
        with self._lock:
            self._tempo.learn(text, scale, sounding=count / self._synthesizer.sample_rate, waited=waited)

    def _held_back(self, first: Floats) -> float:
        """Seconds for which the reader will hold the first piece back, so that the sentence never runs dry."""
        start = Start()
        start.arrived(len(first) / self._synthesizer.sample_rate, self._synthesizer.outlook)
        return start.wait(time.monotonic())

    def _changed(self, feed: Feed, manner: Manner) -> Generator[Floats]:
        pieces = self._synthesizer.stream(feed, manner.seed)
        if not pitch.asked(manner) or not pitch.available():
            yield from pieces
            return
        whole: list[Floats] = []
        for piece in pieces:
            whole.append(piece)
            yield piece[:0]  # nothing yet, but another sentence may be spoken meanwhile
        yield from pitch.changed_beside(np.concatenate(whole), self._synthesizer.sample_rate, manner)

    def _remember_silence(self, text: str, manner: Manner, samples: Samples) -> None:
        silence = silence_at_end(samples, self._synthesizer.sample_rate)
        with self._lock:
            self._silences[text, manner] = silence
            self._silences.move_to_end((text, manner))
            if len(self._silences) > _REMEMBERED:
                self._silences.popitem(last=False)


def _pause(spoken: Utterance, rest: float, silence: float) -> float:
    """Seconds after a sentence that ends in `silence`, where the model rests so long."""
    if spoken.pause_after >= PARAGRAPH_PAUSE:
        rest = max(rest, PARAGRAPH_PAUSE)
    return max(0.0, rest - silence)


def _of_sentence(manner: Manner, utterance: Utterance) -> Manner:
    """The same with the sentence's own seed: none has the noise of its neighbour."""
    return manner if manner.seed is None else replace(manner, seed=sentence_seed(manner.seed, utterance.index))
