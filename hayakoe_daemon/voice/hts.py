"""The embedded voice: OpenJTalk's own HTS engine with mei_normal, both inside the pyopenjtalk wheel.

It speaks breath group by breath group: the labels are made for the whole sentence, so that its melody is one, and the
wave for each group up to its pause, so that the first is heard early and others can cut in between. HTS gives each
phone the same length either way.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hayakoe_daemon.audio.chunk import AudioChunk, Samples
from hayakoe_daemon.text.openjtalk import SAMPLE_RATE, G2PError, Label, labels
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice import hts_wave
from hayakoe_daemon.voice.engine import EngineError, Manner

NAME = "embedded"

_REFERENCE = "おはようございます。今日の天気は、晴れのち曇りでしょう。洗濯物は、お昼までに取り込んでください。"
"""Said at warm-up to measure how loud the voice is; ordinary in its sounds and its length."""

_SPEEDS = (0.25, 4.0)


class HtsEngine:
    """The voice that is always there.

    `measure` gives the loudness of a chunk in LUFS (ITU-R BS.1770); at warm-up the voice is set to `target_loudness`
    by one constant gain.
    """

    name = NAME

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
        """One chunk for each breath group, silence trimmed at both ends of the sentence. Raises EngineError."""
        speed = min(max(1.0 / manner.length_scale, _SPEEDS[0]), _SPEEDS[1])
        try:
            groups = breath_groups(labels(utterance.text), hts_wave.shortest_group(speed))
            for index, group in enumerate(groups):
                wave = hts_wave.render(group, speed)
                if index == 0:
                    wave = wave[hts_wave.speech_start(wave) :]
                if index == len(groups) - 1:
                    wave = wave[: hts_wave.speech_end(wave)]
                if len(wave):
                    yield AudioChunk(self._levelled(wave), SAMPLE_RATE)
        except G2PError as error:
            raise EngineError(str(error)) from error

    def close(self) -> None:
        """Nothing to give back: OpenJTalk lives as long as the process."""

    def _levelled(self, wave: Samples) -> Samples:
        return hts_wave.limited(wave * np.float32(self._gain))


def breath_groups(utterance: Sequence[Label], shortest: int) -> list[Sequence[Label]]:
    """The labels cut after each pause; a group of fewer than `shortest` phones goes together with the next one."""
    groups: list[Sequence[Label]] = []
    start = 0
    for index, label in enumerate(utterance):
        last = index == len(utterance) - 1
        if last or (label.phone == "pau" and _phones(utterance[start : index + 1]) >= shortest):
            groups.append(utterance[start : index + 1])
            start = index + 1
    if len(groups) > 1 and _phones(groups[-1]) < shortest:
        groups[-2:] = [functools.reduce(lambda a, b: [*a, *b], groups[-2:])]
    return groups


def _phones(group: Sequence[Label]) -> int:
    return sum(label.phone not in ("sil", "pau") for label in group)
