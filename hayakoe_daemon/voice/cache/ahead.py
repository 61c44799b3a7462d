"""Speech made before anybody asks for it: phrases of the config, alarms, briefings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.engine import Engine, EngineError, Manner
from hayakoe_daemon.voice.render_queue import RenderQueue, Urgency

log = logging.getLogger(__name__)


def made_ahead(
    engine: Engine, passage: Sequence[Utterance], manner: Manner, keep: Keep = Keep.AHEAD
) -> Iterator[AudioChunk]:
    """For the render queue, mostly with Urgency.IDLE: has the passage and its pauses made, for the cache alone.

    Its chunks are empty, as nobody reads them: they are where the queue may turn to more urgent work. What is in the
    cache already is not made again. Raises EngineError.
    """
    manner = replace(manner, keep=keep)
    for position, utterance in enumerate(passage):
        if utterance.text:
            for chunk in engine.speak(utterance, manner):
                yield AudioChunk.silence(0, chunk.sample_rate)
        engine.pause_after(passage, position, manner)


def pin_phrases(
    texts: Iterable[str],
    *,
    split: Callable[[str], Sequence[Utterance]],
    engine: Engine,
    manner: Manner,
    renders: RenderQueue,
) -> None:
    """Have each text made and pinned when there is nothing else to do; returns at once.

    To be called at every start, and again when texts, voice or manner change: then `RenderCache.release_pins` first.
    """
    for text in texts:
        renders.submit(Urgency.IDLE, lambda text=text: _pinned(text, split(text), engine, manner))  # type: ignore[misc]


def _pinned(text: str, passage: Sequence[Utterance], engine: Engine, manner: Manner) -> Iterator[AudioChunk]:
    try:
        yield from made_ahead(engine, passage, manner, Keep.PINNED)
    except EngineError as error:
        log.warning("the phrase %r cannot be made ahead by voice %s: %s", text, engine.name, error)
