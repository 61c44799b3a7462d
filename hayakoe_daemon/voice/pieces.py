"""A prepared voice, spoken in pieces: the first sound is there long before the sentence is done.

Encoder and flow see the whole sentence and are run whole; the decoder, four fifths of the work, range by range.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hayakoe_daemon.voice.chunking import Span, pieces
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.noise import Noise, Purpose
from hayakoe_daemon.voice.pieces_decoding import NOTHING, Decoding, Latent
from hayakoe_daemon.voice.pieces_lanes import Lanes
from hayakoe_daemon.voice.pieces_parts import Decoder, Encoder, Flow, new_stop
from hayakoe_daemon.voice.plan import Outlook, Pace, outlook
from hayakoe_daemon.voice.prepare.prepared import PreparedVoice
from hayakoe_daemon.voice.synthesizer import Counts, Feed, Floats

LONGEST = 90.0
"""Seconds of sound that one sentence may have; 120 characters, spoken as slowly as can be asked for, are shorter. The
flow's memory grows with the square of it."""

_REMEMBERED = 2
"""Sentences whose encoding is kept, for their lengths are asked for before and after they are spoken."""


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    feed: Feed
    seed: int | None
    noise: Noise
    mean: Floats
    spread: Floats
    durations: Counts
    condition: Floats

    @property
    def frames(self) -> int:
        return int(self.durations.sum())

    def prior(self) -> Floats:
        """z_p (1, C, frames): each id's distribution for as long as it lasts, and a draw from it."""
        mean = np.repeat(self.mean, self.durations, axis=2)
        drawn = self.noise.normal(Purpose.SOUND, mean.shape)
        drawn *= np.repeat(np.exp(self.spread) * np.float32(self.feed.sampling.noise_scale), self.durations, axis=2)
        drawn += mean
        return drawn


class _Seen(threading.local):
    """By each thread: what the stream told that it moved last."""

    outlook: Outlook | None = None


class PiecewiseSynthesizer:
    """A prepared voice that is in parts. Several threads may have it speak at once, each a sentence of its own. Raises
    EngineError where it cannot be opened; ValueError for a voice that is whole.

    `threads` None: as many as there are cores for this process.
    """

    seeded = True

    def __init__(self, voice: PreparedVoice, *, threads: int | None = None) -> None:
        if not voice.split:
            raise ValueError(f"{voice.folder} is whole")
        self.sample_rate = voice.sample_rate
        self.hop_length = voice.hop_length
        threads = threads or len(os.sched_getaffinity(0))
        lanes = threads if voice.side_by_side else 1
        self._encoder = Encoder(voice, threads)
        self._flow = Flow(voice, threads)
        self._decoder = Decoder(voice, threads // lanes)
        self._lanes = Lanes(lanes, new_stop)
        self._encoded: deque[_Encoded] = deque(maxlen=_REMEMBERED)
        self._pace = Pace(lanes)
        self._lock = threading.Lock()
        """Of the two above."""
        self._seen = _Seen()

    def durations(self, feed: Feed, seed: int | None = None) -> Counts:
        """Frames of each id, int64 (n,): those that `stream` speaks the same feed and seed with."""
        return self._encode(feed, seed).durations

    def stream(self, feed: Feed, seed: int | None = None) -> Iterator[Floats]:
        """The samples, piece by piece. Between two pieces another sentence may be spoken.

        The first piece is empty: until then only the cores are shared with other sentences, from then on the lanes are
        needed, which the sentence has that asks for them last.
        """
        encoded = self._encode(feed, seed)
        frames = encoded.frames
        if self._seconds(frames) > LONGEST:
            raise EngineError(
                f"the voice wants {self._seconds(frames):.0f} s for this sentence; {LONGEST:.0f} s are possible"
            )
        if not frames:
            return
        spans = self._spans(frames)
        latent = Latent(self._flow.run(encoded.prior(), encoded.condition), encoded.condition)
        decoding = Decoding(self._decoder, self._lanes, latent, spans, self.hop_length)
        yield NOTHING
        for samples in decoding:
            if len(samples):
                self._seen.outlook = self._look_ahead(decoding)
            yield samples
        with self._lock:
            self._pace.learn(decoding.lane_seconds, self._seconds(frames))

    @property
    def outlook(self) -> Outlook | None:
        """What is still to come after the piece that this thread was handed last; None before the first."""
        return self._seen.outlook

    def close(self) -> None:
        """What is being computed is broken off."""
        self._lanes.close()
        with self._lock:
            self._encoded.clear()
        del self._encoder, self._flow, self._decoder

    def _seconds(self, frames: int) -> float:
        return frames * self.hop_length / self.sample_rate

    def _spans(self, frames: int) -> tuple[Span, ...]:
        if not self._decoder.divisible:
            return (Span(0, frames),)
        return pieces(frames, lanes=self._lanes.count, pace=self._pace.rtf)

    def _look_ahead(self, decoding: Decoding) -> Outlook:
        now = time.monotonic()
        unmade = decoding.unmade(now, self._seconds(1))
        return outlook(now, unmade, cost=self._pace.cost, lanes=self._lanes.count)

    def _encode(self, feed: Feed, seed: int | None) -> _Encoded:
        with self._lock:
            for known in self._encoded:
                if known.feed is feed and known.seed == seed:
                    return known
        if self._lanes.closed:
            raise EngineError("the voice was put away")
        noise = Noise(seed)
        drawn = noise.normal(Purpose.DURATIONS, (1, 2, len(feed.ids.phones)))
        mean, spread, durations, condition = self._encoder.run(feed, drawn)
        encoded = _Encoded(feed, seed, noise, mean, spread, durations, condition)
        with self._lock:
            self._encoded.append(encoded)
        return encoded
