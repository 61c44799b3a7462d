"""Higher or lower, livelier or flatter: speech taken apart and put together again by WORLD (Morise et al. 2016).

pyworld is the optional extra `pitch`. A sentence is worked on whole, which takes as long as half of its sound on a PC.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait

import numpy as np

from hayakoe_daemon.audio.chunk import Samples
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.synthesizer import BREATH

_LOWEST = 40.0
"""Hz; no melody goes deeper, however it is stretched."""


def available() -> bool:
    """Whether it can be used: it wants pkg_resources, which a venv of Python 3.12 or newer does not bring by itself."""
    try:
        import pyworld  # noqa: F401, PLC0415, an optional extra
    except ImportError:
        return False
    return True


def asked(manner: Manner) -> bool:
    """Whether another pitch than the voice's own is wanted."""
    return scales(manner) != (1.0, 1.0)


def changed(samples: Samples, sample_rate: int, manner: Manner) -> Samples:
    """As many samples, with the pitch multiplied, and its distance from its own mean (in Hz) as well."""
    import pyworld  # noqa: PLC0415, an optional extra

    pitch_scale, intonation_scale = scales(manner)
    wave = samples.astype(np.float64)
    pitch, moments = pyworld.harvest(wave, sample_rate)
    envelope = pyworld.cheaptrick(wave, pitch, moments, sample_rate)
    noise = pyworld.d4c(wave, pitch, moments, sample_rate)
    voiced = pitch > 0
    if voiced.any():
        mean = pitch[voiced].mean()
        pitch[voiced] = np.maximum((mean + (pitch[voiced] - mean) * intonation_scale) * pitch_scale, _LOWEST)
    made = pyworld.synthesize(pitch, envelope, noise, sample_rate)
    return np.pad(made, (0, max(0, len(samples) - len(made))))[: len(samples)].astype(np.float32)


def changed_beside(samples: Samples, sample_rate: int, manner: Manner) -> Iterator[Samples]:
    """The same, made in a thread of its own; until it is there nothing now and then, so that another sentence may be
    spoken meanwhile.
    """
    made: Future[Samples] = Future()

    def make() -> None:
        try:
            made.set_result(changed(samples, sample_rate, manner))
        except Exception as error:  # noqa: BLE001, whoever waits for it is told
            made.set_exception(error)

    threading.Thread(target=make, name="pitch", daemon=True).start()
    while wait([made], BREATH).not_done:
        yield samples[:0]
    yield made.result()


def scales(manner: Manner) -> tuple[float, float]:
    """`pitch_scale` and `intonation_scale` as they are wanted, 1 where nothing is."""
    pitch, intonation = manner.pitch_scale, manner.intonation_scale
    return 1.0 if pitch is None else pitch, 1.0 if intonation is None else intonation
