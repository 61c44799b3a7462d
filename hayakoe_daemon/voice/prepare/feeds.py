"""What a preparation tries a voice with: real sentences, and noise that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.text import g2p
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.voice.synthesizer import Feed, Floats

SENTENCES = ("はい。", "明日の朝は晴れますが、午後からは雨でしょう。")
"""A short one, at which windows and halos are longer than it is, and an ordinary one."""

_LONGEST = 80
"""Frames a phone that noise is drawn for; at length_scale 1 a phone has about ten."""

Features = Callable[[Phonemes], Floats]
"""What BERT makes of a sentence: float32 (characters and two ends, width)."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One sentence with its noise: `noise_w` (1, 2, T) and `noise_z` (1, C, more columns than it has frames)."""

    feed: Feed
    noise_w: Floats
    noise_z: Floats

    def inputs(self) -> dict[str, npt.NDArray[Any]]:
        """What the encoder is fed; see `prepared`."""
        ids, sampling = self.feed.ids, self.feed.sampling
        return {
            "x": np.array([ids.phones], np.int64),
            "x_lengths": np.array([len(ids.phones)], np.int64),
            "sid": np.array([self.feed.speaker], np.int64),
            "tone": np.array([ids.tones], np.int64),
            "language": np.array([ids.languages], np.int64),
            "bert": self.feed.bert[None],
            "style_vec": self.feed.style[None],
            "length_scale": np.array([sampling.length_scale], np.float32),
            "noise_scale_w": np.array([sampling.noise_scale_w], np.float32),
            "sdp_ratio": np.array([sampling.sdp_ratio], np.float32),
            "noise_w": self.noise_w,
        }

    def latent(self, m_p: Floats, logs_p: Floats, durations: Floats) -> Floats:
        """z_p (1, C, N), as `prepared` says."""
        counts = durations.reshape(-1).astype(np.int64)
        mean, spread = (np.repeat(one, counts, axis=2) for one in (m_p, logs_p))
        noise = self.noise_z[:, :, : mean.shape[2]]
        return np.asarray(mean + noise * np.exp(spread) * np.float32(self.feed.sampling.noise_scale), np.float32)


def trials(
    style: Floats, inner: int, width: int, features: Features | None = None, sentences: Sequence[str] = SENTENCES
) -> tuple[Trial, ...]:
    """The sentences for a voice of `inner` channels whose encoder takes `width` features for each character.

    Without `features` BERT's are drawn at random: what counts is that two graphs are given the same.
    """
    return tuple(
        _trial(text, seed, style, inner, features or _random(width, seed)) for seed, text in enumerate(sentences)
    )


def _trial(text: str, seed: int, style: Floats, inner: int, features: Features) -> Trial:
    phonemes = g2p.read(text).phonemes()
    ids = phonemes.ids()
    count = len(ids.phones)
    source = np.random.default_rng(seed)
    noise_w = source.standard_normal((1, 2, count), np.float32)
    noise_z = source.standard_normal((1, inner, count * _LONGEST), np.float32)
    return Trial(Feed(ids=ids, rows=features(phonemes), style=style), noise_w, noise_z)


def _random(width: int, seed: int) -> Features:
    def features(phonemes: Phonemes) -> Floats:
        return np.random.default_rng(seed).standard_normal((len(phonemes.word2ph), width), np.float32)

    return features
