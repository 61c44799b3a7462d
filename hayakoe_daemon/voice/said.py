"""What one voice has said before and is kept on disk, found by what its models would be fed, without running them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.voice.cache.cache import RenderCache
from hayakoe_daemon.voice.cache.recipe import pause_key
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.feeding import Feeder


class Said:
    """`models` name synthesizer and BERT: what other ones have made is not found. Any thread may ask."""

    def __init__(self, cache: RenderCache, feeder: Feeder, models: tuple[str, ...]) -> None:
        self._cache = cache
        self._feeder = feeder
        self._models = models

    def holds(self, text: str, manner: Manner) -> bool:
        """Whether this sentence needs no model. Raises EngineError where it cannot be read."""
        return manner.keep.looks and self._cache.has(self._key(self._feeder.read(text), manner))

    def under_way(self, text: str, manner: Manner) -> float:
        """Seconds of computing that this sentence was given already, where it is in the making for somebody. Raises
        EngineError where it cannot be read."""
        return self._cache.under_way(self._key(self._feeder.read(text), manner)) if manner.keep.looks else 0.0

    def through(
        self, phonemes: Phonemes, manner: Manner, text: str, make: Callable[[], Iterator[AudioChunk]]
    ) -> Iterator[AudioChunk]:
        """The sound of the sentence as it was kept, else what `make()` gives, which is kept then as the manner says."""
        return self._cache.through(self._key(phonemes, manner), make, text=text, keep=manner.keep)

    def sound(self, phonemes: Phonemes, manner: Manner) -> AudioChunk | None:
        """The sentence as it was kept; None where it was not, or is damaged."""
        pieces = list(self._cache.get(self._key(phonemes, manner)) or ()) if manner.keep.looks else []
        if not pieces:
            return None
        return AudioChunk(np.concatenate([piece.samples for piece in pieces]), pieces[0].sample_rate)

    def rests(self, phonemes: Phonemes, manner: Manner, count: int) -> tuple[float, ...] | None:
        """Seconds after each of the `count` sentences that are read here in one pass; None where they are not known."""
        if not manner.keep.looks:
            return None
        known = [self._cache.pause(key) for key in self._pause_keys(phonemes, manner, count)]
        rests = tuple(seconds for seconds in known if seconds is not None)
        return rests if len(rests) == count else None

    def note_rests(self, phonemes: Phonemes, manner: Manner, rests: Sequence[float]) -> None:
        if manner.keep.looks:
            for key, seconds in zip(self._pause_keys(phonemes, manner, len(rests)), rests, strict=True):
                self._cache.note_pause(key, seconds)

    def _key(self, phonemes: Phonemes, manner: Manner) -> str:
        return self._feeder.recipe(phonemes, manner, self._models).key

    def _pause_keys(self, phonemes: Phonemes, manner: Manner, count: int) -> list[str]:
        key = self._key(phonemes, manner)
        return [pause_key([key], position) for position in range(count)]
