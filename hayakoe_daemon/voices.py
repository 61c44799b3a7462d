"""Which voices there are: the ladder from the best one down to the tone."""

from __future__ import annotations

from hayakoe_daemon.audio.chime import tone_pattern
from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.voice.hts import HtsEngine
from hayakoe_daemon.voice.ladder import Ladder


def build_ladder() -> Ladder:
    """The embedded voice, and under it the tone."""
    return Ladder([HtsEngine(measure=loudness, target_loudness=TARGET)], tone=tone_pattern)
