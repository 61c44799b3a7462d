"""Phrases of the config, made when there is nothing else to do, so that they start at once whenever they are needed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.cache.cache import RenderCache
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.kept import KeptVoice, State
from hayakoe_daemon.voice.ladder import Ladder, Wish
from hayakoe_daemon.voice.render_queue import Job, RenderQueue, Urgency

log = logging.getLogger(__name__)


class Phrases:
    """Said by the voice that is set, in the manner that is set. Any thread may call it; everything returns at once."""

    def __init__(
        self,
        texts: Sequence[str],
        *,
        wish: Callable[[], Wish],
        split: Callable[[str], Sequence[Utterance]],
        ladder: Ladder,
        renders: RenderQueue,
        cache: RenderCache,
    ) -> None:
        self._texts = tuple(texts)
        self._wish = wish
        self._split = split
        self._ladder = ladder
        self._renders = renders
        self._cache = cache
        self._lock = threading.Lock()
        self._made: object = None
        """Of which they were last made."""
        self._jobs: list[Job] = []

    def take(self, texts: Sequence[str]) -> None:
        """These from now on, by a config in which all else may have changed as well."""
        self._texts = tuple(texts)
        self.look(read_otherwise=True)

    def look(self, *, read_otherwise: bool = False) -> None:
        """Voice, manner or how texts are read may have changed: have made what is not there yet, and pinned all."""
        wish, texts = self._wish(), self._texts
        voice = self._ladder.asked(wish)
        if voice is None or voice.state is not State.READY:
            return
        now = (texts, voice.name, voice.lives, voice.manner, wish.manner)
        with self._lock:
            if now == self._made and not read_otherwise:
                return
            self._made = now
            for job in self._jobs:
                job.cancel()
            self._cache.release_pins()
            manner = replace(wish.manner, keep=Keep.PINNED)
            self._jobs = [self._submit(text, voice, manner) for text in texts]

    def _submit(self, text: str, voice: KeptVoice, manner: Manner) -> Job:
        return self._renders.submit(Urgency.IDLE, lambda: _pinned(text, self._split(text), voice, manner))


def _pinned(text: str, passage: Sequence[Utterance], voice: KeptVoice, manner: Manner) -> Iterator[AudioChunk]:
    """For the cache alone: empty chunks, which are where the queue may turn to more urgent work."""
    voice.expect(passage)
    try:
        for position, utterance in enumerate(passage):
            for chunk in voice.speak(utterance, manner):
                yield AudioChunk.silence(0, chunk.sample_rate)
            if position + 1 < len(passage):
                voice.pause_after(passage, position, manner)
    except EngineError as error:
        log.warning("the phrase %r cannot be made ahead by voice %s: %s", text, voice.name, error)
