"""A voice on the card: durations and samples come back, all else stays there."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hayakoe_daemon.voice.chunking import Span
from hayakoe_daemon.voice.cuda.bert import DeviceRows
from hayakoe_daemon.voice.cuda.card import Card
from hayakoe_daemon.voice.cuda.graph import Array, BoundGraph, Value
from hayakoe_daemon.voice.cuda.ranges import ranges
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.noise import Noise, Purpose
from hayakoe_daemon.voice.pieces import LONGEST
from hayakoe_daemon.voice.pieces_decoding import NOTHING
from hayakoe_daemon.voice.plan import Outlook, Pace, Unmade, outlook
from hayakoe_daemon.voice.prepare.prepared import Part, PreparedVoice
from hayakoe_daemon.voice.synthesizer import Counts, Feed, Floats

_REMEMBERED = 2
"""Sentences whose encoding is kept, for their lengths are asked for before and after they are spoken."""

_LONG = 860
"""Frames, some 10 s: what a longer sentence takes is given back to the card afterwards."""


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    feed: Feed
    seed: int | None
    noise: Noise
    mean: Value
    spread: Value
    condition: Value
    durations: Counts


class _Seen(threading.local):
    """By each thread: what the stream told that it moved last."""

    outlook: Outlook | None = None


class CudaSynthesizer:
    """A prepared voice in parts, for the card. Several threads may have it speak at once, each a sentence of its own.

    Raises CardError where it cannot be put on the card; ValueError for a voice that is whole, or for another device.
    """

    seeded = True

    def __init__(self, voice: PreparedVoice, card: Card) -> None:
        if not voice.split or Part.DECODER not in voice.parts:
            raise ValueError(f"{voice.folder} is not in the parts that a graphics card takes")
        self.sample_rate = voice.sample_rate
        self.hop_length = voice.hop_length
        self._halo = voice.halos.decoder
        self._channels = voice.dimensions.inner
        self._card = card
        name = voice.folder.name
        card.require(sum(voice.parts.values()), f"the voice {name}")
        self._encoder, self._flow, self._decoder = (
            BoundGraph(voice.graph(part), f"the {part.value} of {name}", card, half=part in voice.halves)
            for part in (Part.ENCODER, Part.FLOW, Part.DECODER)
        )
        self._encoded: deque[_Encoded] = deque(maxlen=_REMEMBERED)
        self._pace = Pace(1)
        self._lock = threading.Lock()
        """Of the two above."""
        self._seen = _Seen()
        self._closed = False

    @property
    def outlook(self) -> Outlook | None:
        """What is still to come after the piece that this thread was handed last; None before the first."""
        return self._seen.outlook

    @property
    def on_card(self) -> bool:
        """Whether it takes memory there now."""
        return any(graph.there for graph in (self._encoder, self._flow, self._decoder))

    def durations(self, feed: Feed, seed: int | None = None) -> Counts:
        """Frames of each id, int64 (n,): those that `stream` speaks the same feed and seed with."""
        return self._encode(feed, seed).durations

    def stream(self, feed: Feed, seed: int | None = None) -> Iterator[Floats]:
        """The samples, range by range. Between two of them another sentence may be spoken.

        The first piece is empty: by then all but the decoder is done, which may be made beside another sentence.
        """
        begun = time.perf_counter()
        encoded = self._encode(feed, seed)
        frames = int(encoded.durations.sum())
        if self._seconds(frames) > LONGEST:
            raise EngineError(
                f"the voice wants {self._seconds(frames):.0f} s for this sentence; {LONGEST:.0f} s are possible"
            )
        if not frames:
            return
        spans = ranges(frames) if self._halo else (Span(0, frames),)
        gives_back = self._card.offloads or frames > _LONG
        latent = self._latent(encoded, frames, last=gives_back)
        spent = time.perf_counter() - begun
        yield NOTHING
        for number, span in enumerate(spans, 1):
            begun = time.perf_counter()
            samples = self._samples(latent, encoded.condition, span, frames, last=gives_back and number == len(spans))
            spent += time.perf_counter() - begun
            self._seen.outlook = self._look_ahead(spans[number:])
            if number == len(spans):
                with self._lock:
                    self._pace.learn(spent, self._seconds(frames))
            yield samples

    def release(self) -> None:
        """Leave the card; what computes at this moment stays, and leaves the next time."""
        with self._lock:
            self._encoded.clear()
        for graph in (self._encoder, self._flow, self._decoder):
            graph.leave()

    def close(self) -> None:
        self._closed = True
        with self._lock:
            self._encoded.clear()
        for graph in (self._encoder, self._flow, self._decoder):
            graph.close()

    def _seconds(self, frames: int) -> float:
        return frames * self.hop_length / self.sample_rate

    def _look_ahead(self, spans: Sequence[Span]) -> Outlook:
        unmade = [Unmade(self._seconds(len(span))) for span in spans]
        return outlook(time.monotonic(), unmade, cost=self._pace.cost, lanes=1)

    def _works(self) -> None:
        if self._closed:
            raise EngineError("the voice was put away")
        self._card.works(self, instead_of=CudaSynthesizer)

    def _encode(self, feed: Feed, seed: int | None) -> _Encoded:
        with self._lock:
            known = next((one for one in self._encoded if one.feed is feed and one.seed == seed), None)
        if known is not None:
            return known
        self._works()
        noise = Noise(seed)
        ids, sampling = feed.ids, feed.sampling
        rows, columns = _rows(feed)
        feeds = {
            "x": np.array([ids.phones], np.int64),
            "x_lengths": np.array([len(ids.phones)], np.int64),
            "sid": np.array([feed.speaker], np.int64),
            "tone": np.array([ids.tones], np.int64),
            "language": np.array([ids.languages], np.int64),
            "rows": rows,
            "columns": columns,
            "style_vec": feed.style[None],
            "length_scale": np.array([sampling.length_scale], np.float32),
            "noise_scale_w": np.array([sampling.noise_scale_w], np.float32),
            "sdp_ratio": np.array([sampling.sdp_ratio], np.float32),
            "noise_w": noise.normal(Purpose.DURATIONS, (1, 2, len(ids.phones))),
        }
        (told,), (mean, spread, condition) = self._encoder.run(
            feeds, back=["durations"], stay=["m_p", "logs_p", "g"], last=self._card.offloads
        )
        lengths = told.reshape(-1)
        if len(lengths) != len(ids.phones) or not np.isfinite(lengths).all() or (lengths < 0).any():
            raise EngineError("the voice gives lengths that are not numbers, or below zero")
        encoded = _Encoded(feed, seed, noise, mean, spread, condition, lengths.astype(np.int64))
        with self._lock:
            self._encoded.append(encoded)
        return encoded

    def _latent(self, encoded: _Encoded, frames: int, *, last: bool) -> Value:
        self._works()
        feeds = {
            "m_p": encoded.mean,
            "logs_p": encoded.spread,
            "g": encoded.condition,
            "frames": np.repeat(np.arange(len(encoded.durations)), encoded.durations),
            "noise": encoded.noise.normal(Purpose.SOUND, (1, self._channels, frames)),
            "noise_scale": np.array([encoded.feed.sampling.noise_scale], np.float32),
        }
        _, (latent,) = self._flow.run(feeds, stay=["z"], last=last)
        return latent

    def _samples(self, latent: Value, condition: Value, span: Span, frames: int, *, last: bool) -> Floats:
        self._works()
        wide = span.widened(self._halo, frames)
        feeds = {
            "z": latent,
            "g": condition,
            "first": np.array([wide.start], np.int64),
            "last": np.array([wide.stop], np.int64),
        }
        (audio,), _ = self._decoder.run(feeds, back=["audio"], last=last)
        sound = np.asarray(audio, np.float32).reshape(-1)
        if len(sound) != len(wide) * self.hop_length:
            raise EngineError(f"the voice gives {len(sound)} samples for {len(wide)} frames of {self.hop_length}")
        if not np.isfinite(sound).all():
            raise EngineError("the voice gives samples that are not numbers (NaN or infinite)")
        start = (span.start - wide.start) * self.hop_length
        return np.ascontiguousarray(sound[start : start + len(span) * self.hop_length])


def _rows(feed: Feed) -> tuple[Array | Value, Counts]:
    """What the encoder takes of BERT, and which row each id has: of a batch on the card, or of one that is brought."""
    if isinstance(feed.rows, DeviceRows):
        return feed.rows.batch, feed.rows.first + feed.columns
    rows = feed.rows if isinstance(feed.rows, np.ndarray) else feed.rows.on_host()
    return rows[None], feed.columns
