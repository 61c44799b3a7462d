"""Speech made before anybody asks for it: phrases of the config, alarms, briefings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.engine import Engine, Manner


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
