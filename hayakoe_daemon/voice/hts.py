"""The embedded voice: OpenJTalk's own HTS engine with mei_normal, both inside the pyopenjtalk wheel.

It speaks group by group: the labels are made for the whole sentence, so that its melody is one, and the wave for each
group up to the next pause, so that the first is heard early and others can cut in between. HTS gives each phone the
same length either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hayakoe_daemon.audio.chunk import AudioChunk, Samples
from hayakoe_daemon.text.openjtalk import SAMPLE_RATE, G2PError, labels
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice import hts_wave
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.hts_groups import groups

NAME = "embedded"

_REFERENCE = "洗濯が終わりました。玄関のドアが開いています。今日の天気は、晴れのち曇りでしょう。"
"""Said at warm-up to measure how loud the voice is; ordinary in its sounds and its length."""

_SPEEDS = (0.25, 3.0)
"""Faster HTS cannot speak: each phone takes five frames of 5 ms at least."""


class HtsEngine:
    """The voice that is always there.

    `measure` gives the loudness of a chunk in LUFS (ITU-R BS.1770); at warm-up the voice is set to `target_loudness`
    by one constant gain.
    """

    name = NAME
    styles: Sequence[str] = ()

    def __init__(self, measure: Callable[[AudioChunk], float], *, target_loudness: float = -20.0) -> None:
        self._measure = measure
        self._target_loudness = target_loudness
        self._gain = 1.0

    def warm_up(self) -> None:
        """Load dictionary and voice, and find the gain. Raises EngineError."""
        self._gain = 1.0
        pieces = list(self.speak(Utterance(0, _REFERENCE), Manner()))
        loudness = self._measure(AudioChunk(np.concatenate([piece.samples for piece in pieces]), SAMPLE_RATE))
        if not np.isfinite(loudness):
            raise EngineError("the embedded voice is silent: OpenJTalk's HTS engine gave no sound for a test sentence")
        self._gain = 10.0 ** ((self._target_loudness - loudness) / 20.0)

    def speak(self, utterance: Utterance, manner: Manner) -> Iterator[AudioChunk]:
        """One chunk for each group, silence trimmed at both ends of the sentence. Raises EngineError.

        A `length_scale` beyond what HTS can do is taken as the nearest that it can.
        """
        speed = min(max(1.0 / manner.length_scale, _SPEEDS[0]), _SPEEDS[1])
        try:
            spoken = labels(utterance.text)
            if speed != 1.0:
                # HTS lengthens the silence at both ends most; without it the speech itself gets the asked-for length
                spoken = tuple(label for label in spoken if label.phone != "sil")
            whole = list(groups(spoken, speed))
            for index, group in enumerate(whole):
                wave = hts_wave.render(group, speed)
                if index == 0:
                    wave = wave[hts_wave.speech_start(wave) :]
                if index == len(whole) - 1:
                    wave = wave[: hts_wave.speech_end(wave)]
                if len(wave):
                    yield AudioChunk(self._levelled(wave), SAMPLE_RATE)
        except G2PError as error:
            raise EngineError(str(error)) from error

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:  # noqa: ARG002
        """What the text says: HTS has no opinion of its own."""
        return passage[position].pause_after

    def first_sound_in(self, utterance: Utterance, manner: Manner) -> float:  # noqa: ARG002
        """At once, as far as patience goes: the first group is made faster than it is heard even on a slow machine."""
        return 0.0

    def remark(self, manner: Manner) -> str | None:
        """It has one style."""
        return None if manner.style is None else f"{NAME}: there is only one style, so {manner.style} was passed over"

    def close(self) -> None:
        """Nothing to give back: OpenJTalk lives as long as the process."""

    def _levelled(self, wave: Samples) -> Samples:
        return hts_wave.faded(hts_wave.limited(wave * np.float32(self._gain)))
