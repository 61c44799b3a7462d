"""What HTS does to the wave, and what must be done about it.

HTS widens the variance of each parameter to that of its training data ("global variance"), measured over what it is
given. A group of few or equal sounds has little variance of its own, is widened too much, and comes out too loud;
a long ああああ makes the filter run away (peaks of 10^37 were seen). So a short group is said after a carrier, a phrase
of ordinary sounds that is then cut off. Measured over 128 groups of ITA and ROHAN sentences: the loudness of short
groups varies by 1.2 dB instead of 3.2, and is closer to that in the whole sentence.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hayakoe_daemon.audio.chunk import Samples
from hayakoe_daemon.text.openjtalk import SAMPLE_RATE, Label, labels, synthesize
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.hts_groups import Group

CEILING = 0.95
"""No sample is louder."""

_SOUND = 10 ** (-60 / 20)
"""Where speech begins and ends; the silence of HTS is noise at -70 dBFS and below."""

_HEAD, _TAIL = 0.03, 0.05
"""Seconds of silence that stay before and after speech, so that no first consonant and no last breath is hurt."""

_CARRIER = "お知らせです"
_LONG_CARRIER = "洗濯機が止まりましたので早めに取り出して干してください"
_CARRIED = 30
"""Groups with fewer labels are said after the carrier; longer ones have variance enough, and no time to lose."""

_LOUD = 3.0
"""A peak that the limiter takes quietly; above it the next attempt is made."""
_RUNAWAY = 12.0
"""A peak that is no speech any more."""

_EQUAL_VOWELS = 3
_COUNTS = 5
_NUMBER = re.compile(r"\d+")

_FRAME = SAMPLE_RATE // 200


def render(group: Group, speed: float) -> Samples:
    """The wave of a group, its peak below _RUNAWAY times full scale. Raises EngineError, G2PError.

    What HTS is given besides the group can be cut off exactly only at speed 1, where each phone's length depends on
    nothing but its label. So at other speeds the carrier is but the last resort, at speed 1.
    """
    best, best_peak = None, np.inf
    for attempt in _attempts(group, speed):
        wave = attempt()
        peak = float(np.abs(wave).max(initial=0.0))
        if peak < best_peak:  # false for NaN
            best, best_peak = wave, peak
        if best_peak <= _LOUD:
            break
    if best is None or best_peak > _RUNAWAY:
        phones = " ".join(label.phone for label in group.labels)
        raise EngineError(f"OpenJTalk's HTS filter runs away on the sounds {phones[:80]}")
    return best


def _attempts(group: Group, speed: float) -> Iterator[Callable[[], Samples]]:
    simple = Group(tuple(simplified(group.labels)), group.stop)
    if speed == 1.0:
        yield lambda: _with_surroundings(_CARRIER if len(group.labels) < _CARRIED else None, group)
    else:
        yield lambda: synthesize(group.labels, speed)
    yield lambda: _with_surroundings(_LONG_CARRIER, group)
    yield lambda: _with_surroundings(_LONG_CARRIER, simple)


def _with_surroundings(text: str | None, group: Group) -> Samples:
    """The group said between a carrier and the stop after it, which both are cut off."""
    carrier, before = _carrier(text, at_start=group.labels[0].phone == "sil") if text else ((), 0)
    if group.stop is None:
        return synthesize([*carrier, *group.labels])[before:]
    wave = synthesize([*carrier, *group.labels, group.stop])
    return wave[before : len(wave) - len(synthesize([group.stop]))]


@functools.cache
def _carrier(text: str, *, at_start: bool) -> tuple[Sequence[Label], int]:
    """Labels to say before a group, and how many samples they last. A group without `sil` follows a pause."""
    spoken = labels(text) if at_start else labels(text + "、" + text)
    end = len(spoken) - 1 if at_start else next(i for i, label in enumerate(spoken) if label.phone == "pau") + 1
    carrier = spoken[1:end]
    return carrier, len(synthesize(carrier))


def simplified(group: Sequence[Label]) -> Iterator[Label]:
    """The group with vowels drawn out less, and no position or count in its labels above what the voice was taught."""
    for phone, run in itertools.groupby(group, lambda label: label.phone):
        drawn_out = phone in ("a", "i", "u", "e", "o", "N")
        for label in itertools.islice(run, _EQUAL_VOWELS if drawn_out else None):
            phones, morae, rest = label.context.partition("/A:")
            words, phrases, counts = rest.partition("/E:")
            position, other, parts_of_speech = words.partition("/B:")
            yield Label(phones + morae + _bounded(position) + other + parts_of_speech + phrases + _bounded(counts))


def _bounded(numbers: str) -> str:
    return _NUMBER.sub(lambda found: str(min(int(found[0]), _COUNTS)), numbers)


def speech_start(wave: Samples) -> int:
    """The first sample to keep: _HEAD seconds before the first sound, or the length where there is none."""
    loud = np.abs(wave) > _SOUND
    return max(0, int(loud.argmax()) - round(_HEAD * SAMPLE_RATE)) if loud.any() else len(wave)


def speech_end(wave: Samples) -> int:
    """The end of what is to be kept: _TAIL seconds after the last sound, or 0 where there is none."""
    loud = np.abs(wave[::-1]) > _SOUND
    return min(len(wave), len(wave) - int(loud.argmax()) + round(_TAIL * SAMPLE_RATE)) if loud.any() else 0


def limited(wave: Samples) -> Samples:
    """The wave with no sample above CEILING: turned down smoothly around what is too loud, never clipped."""
    if len(wave) == 0 or np.abs(wave).max() <= CEILING:
        return wave
    frames = -(-len(wave) // _FRAME)
    peaks = np.abs(np.pad(wave, (0, frames * _FRAME - len(wave)))).reshape(frames, _FRAME).max(axis=1)
    needed = np.minimum(1.0, CEILING / np.maximum(peaks, CEILING))
    # The lowest gain of 9 frames, averaged over 7 and interpolated between frame centres: smooth, and never above
    # what any sample of the frame needs.
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(needed, 4, mode="edge"), 9).min(axis=1)
    smooth = np.convolve(np.pad(lowest, 3, mode="edge"), np.full(7, 1 / 7), mode="valid")
    centres = (np.arange(frames) + 0.5) * _FRAME
    gain = np.interp(np.arange(len(wave)), centres, smooth).astype(np.float32)
    quieter: Samples = np.clip(wave * gain, -CEILING, CEILING)
    return quieter


def faded(wave: Samples) -> Samples:
    """The wave with its ends faded over 2 ms, so that two that follow each other join without a click."""
    count = min(SAMPLE_RATE // 500, len(wave) // 2)
    ramp = np.linspace(0.0, 1.0, count, dtype=np.float32)
    whole: Samples = np.concatenate(
        [wave[:count] * ramp, wave[count : len(wave) - count], wave[len(wave) - count :] * ramp[::-1]]
    )
    return whole
