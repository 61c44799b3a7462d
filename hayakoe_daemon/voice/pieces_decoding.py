"""One sentence's way through the decoder, range by range on the lanes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hayakoe_daemon.voice.chunking import Span, blocks
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.pieces_lanes import Abandoned, Lanes, Line, Stop, Task
from hayakoe_daemon.voice.pieces_parts import Decoder
from hayakoe_daemon.voice.plan import Unmade
from hayakoe_daemon.voice.synthesizer import BREATH, Floats

NOTHING: Floats = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Latent:
    """What the decoder reads: z (1, C, n frames) and the speaker's condition g (1, G, 1)."""

    z: Floats
    condition: Floats

    @property
    def frames(self) -> int:
        return int(self.z.shape[2])

    def cut(self, span: Span) -> Floats:
        return np.ascontiguousarray(self.z[:, :, span.start : span.stop])


class Decoding:
    """Hands out the samples of the given ranges, in their order, each as soon as it is made; none where it takes longer
    than a breath: then something else may be done meanwhile.

    Ranges are queued a few ahead of what is asked for, so that no lane waits for the reader. What a range was made
    from is let go with it: however long a sentence is, little more than its latent is in memory.
    """

    def __init__(self, decoder: Decoder, lanes: Lanes, latent: Latent, spans: Sequence[Span], hop_length: int) -> None:
        self._decoder = decoder
        self._lanes = lanes
        self._latent = latent
        self._hop = hop_length
        self._blocks = deque(blocks(latent.frames, tuple(spans), halo=decoder.halos.decoder_b))
        self._features: deque[tuple[Span, Task[Floats]]] = deque()
        self._coming: deque[tuple[Span, Task[Floats]]] = deque()
        self._queued = deque(spans)
        self._spent = 0.0

    def __iter__(self) -> Iterator[Floats]:
        line = self._lanes.open()
        try:
            while self._queued or self._coming:
                while self._queued and len(self._coming) <= self._lanes.count:
                    span = self._queued.popleft()
                    self._coming.append((span, self._submit(line, span)))
                _, task = self._coming[0]
                while not task.wait(BREATH):
                    yield NOTHING
                self._coming.popleft()
                try:
                    samples = task.outcome()
                except Abandoned as gone:
                    raise EngineError("the voice was put away while it spoke") from gone
                self._spent += task.seconds
                if not np.isfinite(samples).all():
                    raise EngineError("the voice gives samples that are not numbers (NaN or infinite)")
                yield samples
        finally:
            line.close()

    @property
    def lane_seconds(self) -> float:
        """What the ranges took that are done, all lanes together."""
        return self._spent + sum(task.seconds for _, task in self._features)

    def unmade(self, now: float, frame: float) -> Iterator[Unmade]:
        """What was not handed out yet, in order, at time.monotonic(); `frame` is the seconds of a frame."""
        for span, task in self._coming:
            yield Unmade(len(span) * frame, task.elapsed(now), task.done)
        for span in self._queued:
            yield Unmade(len(span) * frame)

    def _submit(self, line: Line, span: Span) -> Task[Floats]:
        if not self._decoder.in_two:
            return line.submit(lambda stop: self._at_once(span, stop))
        wide = span.widened(self._decoder.halos.decoder_b, self._latent.frames)
        while self._blocks and self._wants_block(wide):
            block = self._blocks.popleft()
            self._features.append((block, line.submit(lambda stop, block=block: self._block(block, stop))))  # type: ignore[misc]
        while self._features[0][0].stop <= wide.start:
            _, passed = self._features.popleft()
            self._spent += passed.seconds
        needed = [(block, task) for block, task in self._features if block.start < wide.stop]
        return line.submit(lambda stop: self._piece(span, wide, needed, stop), [task for _, task in needed])

    def _wants_block(self, wide: Span) -> bool:
        """Where there are other lanes, the block after the one that is needed is made beside the pieces."""
        if not self._features:
            return True
        last, _ = self._features[-1]
        return last.stop < wide.stop or (self._lanes.count > 1 and last.start < wide.stop)

    def _block(self, block: Span, stop: Stop) -> Floats:
        wide = block.widened(self._decoder.halos.decoder_a, self._latent.frames)
        features = self._decoder.features(self._latent.cut(wide), self._latent.condition, stop)
        return _inner(features, wide, block, self._decoder.rate)

    def _piece(self, span: Span, wide: Span, needed: Sequence[tuple[Span, Task[Floats]]], stop: Stop) -> Floats:
        rate = self._decoder.rate
        parts = [_inner(task.outcome(), block, _shared(block, wide), rate) for block, task in needed]
        features = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)
        sound = self._decoder.sound(np.ascontiguousarray(features), stop)
        return self._checked(sound, wide, span)

    def _at_once(self, span: Span, stop: Stop) -> Floats:
        wide = span.widened(self._decoder.halos.decoder, self._latent.frames)
        sound = self._decoder.sound_at_once(self._latent.cut(wide), self._latent.condition, stop)
        return self._checked(sound, wide, span)

    def _checked(self, sound: Floats, wide: Span, span: Span) -> Floats:
        if len(sound) != len(wide) * self._hop:
            raise EngineError(f"the voice gives {len(sound)} samples for {len(wide)} frames of {self._hop}")
        return np.ascontiguousarray(_inner(sound, wide, span, self._hop))


def _shared(one: Span, other: Span) -> Span:
    return Span(max(one.start, other.start), min(one.stop, other.stop))


def _inner(array: Floats, whole: Span, part: Span, rate: int) -> Floats:
    """The columns of `part`, where the array's last axis has `rate` columns for each frame of `whole`."""
    return array[..., (part.start - whole.start) * rate : (part.stop - whole.start) * rate]
