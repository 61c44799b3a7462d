"""How far one rendering is from another of the same text, also where it is a little longer or shorter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hayakoe_daemon.audio.chunk import Samples
from hayakoe_daemon.voice.prepare.distance import decibels, snr


@dataclass(frozen=True, slots=True)
class Distance:
    """`snr` in dB, as `voice.prepare.distance.snr` has it; None where the two are not of one length: a sentence that is
    said more slowly is no noise. `log_mel` in dB, the root mean square over bands and frames, after one was stretched
    evenly where they are not of one length. `longer` in seconds, below 0 for shorter.
    """

    snr: float | None
    log_mel: float
    longer: float


def distance(samples: Samples, reference: Samples, rate: int) -> Distance:
    """ValueError where one of them is empty."""
    if not len(samples) or not len(reference):
        raise ValueError("there is nothing to compare")
    ours, theirs = decibels(samples, rate), decibels(reference, rate)
    nearest = np.linspace(0, len(ours) - 1, len(theirs)).round().astype(int)
    return Distance(
        snr=snr(reference, samples) if len(samples) == len(reference) else None,
        log_mel=float(np.sqrt(np.mean(np.square(ours[nearest] - theirs)))),
        longer=(len(samples) - len(reference)) / rate,
    )
