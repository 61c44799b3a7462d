"""How far a decoder sees that nobody could read: one frame is changed, and what changes in the samples is looked at."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from hayakoe_daemon.voice.prepare.trying import run
from hayakoe_daemon.voice.synthesizer import Floats

FRAMES = 96
TOLERANCE = 1e-5
_RANGES = ((0, 16), (30, 47), (80, 96))


def measured_halo(decoder: ort.InferenceSession, z: Floats, g: Floats) -> int:
    """Frames on either side that a range needs to sound as in the whole; 0 where no such number was found.

    `decoder` takes z (1, C, N) and g and gives `audio`; `z` is of any length but 0, and repeated as needed.
    """
    z = np.tile(z, (1, 1, -(-FRAMES // z.shape[2])))[:, :, :FRAMES]
    whole = _samples(decoder, z, g)
    if whole.size % FRAMES:
        return 0
    hop = whole.size // FRAMES
    middle = FRAMES // 2
    changed = z.copy()
    changed[:, :, middle] += 1.0
    touched = np.flatnonzero(_samples(decoder, changed, g) != whole) // hop
    if not touched.size:
        return 0
    halo = int(max(middle - touched[0], touched[-1] - middle)) + 1  # the last of it may have been too faint to be seen
    if halo >= middle:
        return 0
    for begin, end in _RANGES:
        first, last = max(begin - halo, 0), min(end + halo, FRAMES)
        part = _samples(decoder, np.ascontiguousarray(z[:, :, first:last]), g)
        expected = whole[begin * hop : end * hop]
        found = part[(begin - first) * hop : (end - first) * hop]
        if found.shape != expected.shape or np.abs(found - expected).max() > TOLERANCE:
            return 0
    return halo


def _samples(decoder: ort.InferenceSession, z: Floats, g: Floats) -> Floats:
    return np.asarray(run(decoder, {"z": z, "g": g})["audio"], np.float32).reshape(-1)
