"""Text and manner to what a synthesizer is fed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hayakoe_daemon.text import g2p
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.style import Styles
from hayakoe_daemon.voice.synthesizer import BertModel, Feed, Sampling

_PEER = Sampling()


@dataclass(frozen=True, slots=True, eq=False)
class Feeder:
    """`defaults` is the voice's own way, where a message asks for none; length_scale of both multiply.

    What neither names is as HayaKoe and Style-Bert-VITS2 speak: style_weight 1, sdp_ratio 0.2, noise_scale 0.6,
    noise_scale_w 0.8.
    """

    bert: BertModel
    styles: Styles
    defaults: Manner
    speaker: int = 0

    def read(self, text: str) -> Phonemes:
        """The text as one sentence. Raises EngineError."""
        try:
            return g2p.read(text).phonemes()
        except g2p.G2PError as error:
            raise EngineError(str(error)) from error

    def feed(self, phonemes: Phonemes, manner: Manner) -> Feed:
        """Raises EngineError."""
        ids = phonemes.ids()
        features = self.bert.features(self.bert.tokenizer.ids(phonemes.text))
        return Feed(
            ids=ids,
            bert=np.ascontiguousarray(np.repeat(features, ids.word2ph, axis=0).T),
            style=self.styles.vector(manner.style or self.defaults.style, self._style_weight(manner)),
            speaker=self.speaker,
            sampling=self._sampling(manner),
        )

    def _style_weight(self, manner: Manner) -> float:
        return _first(manner.style_weight, self.defaults.style_weight, 1.0)

    def _sampling(self, manner: Manner) -> Sampling:
        own = self.defaults
        return Sampling(
            length_scale=own.length_scale * manner.length_scale,
            sdp_ratio=_first(manner.sdp_ratio, own.sdp_ratio, _PEER.sdp_ratio),
            noise_scale=_first(manner.noise_scale, own.noise_scale, _PEER.noise_scale),
            noise_scale_w=_first(manner.noise_scale_w, own.noise_scale_w, _PEER.noise_scale_w),
        )


def _first(asked: float | None, own: float | None, peer: float) -> float:
    return next(value for value in (asked, own, peer) if value is not None)
