"""The voice that is measured, built of the daemon's own parts."""

from __future__ import annotations

from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.bench.configuration import EMBEDDED, BenchError, Configuration
from hayakoe_daemon.voice.engine import Engine, Manner
from hayakoe_daemon.voice.hts import HtsEngine

PLAIN = Manner(sdp_ratio=0.0, noise_scale=0.0, noise_scale_w=0.0)
"""Nothing is left to chance: what differs between two renderings is due to the weights."""


def open_voice(configuration: Configuration) -> Engine:
    """The voice, able to take a request. Raises BenchError."""
    if configuration.voice == EMBEDDED:
        return HtsEngine(measure=loudness, target_loudness=TARGET)
    raise BenchError(f"there is no voice {configuration.voice}; there is {EMBEDDED}")
