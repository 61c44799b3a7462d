"""Text and manner to what a synthesizer is fed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hayakoe_daemon.text import g2p
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.voice import pitch
from hayakoe_daemon.voice.cache.recipe import Recipe
from hayakoe_daemon.voice.engine import EngineError, Manner
from hayakoe_daemon.voice.style import Styles
from hayakoe_daemon.voice.synthesizer import BertModel, Feed, Floats, Sampling

_PEER = Sampling()


@dataclass(frozen=True, slots=True, eq=False)
class Feeder:
    """What a manner does not name is as HayaKoe and Style-Bert-VITS2 speak: style_weight 1, sdp_ratio 0.2, noise_scale
    0.6, noise_scale_w 0.8.
    """

    bert: BertModel
    styles: Styles
    speaker: int = 0

    def read(self, text: str) -> Phonemes:
        """The text as one sentence. Raises EngineError."""
        try:
            return g2p.read(text).phonemes()
        except g2p.G2PError as error:
            raise EngineError(str(error)) from error

    def feed(self, phonemes: Phonemes, manner: Manner, then: Iterable[str] = ()) -> Feed:
        """`then` are texts that will probably be fed next; they are read only where BERT gains by it.

        Raises EngineError.
        """
        return Feed(
            ids=phonemes.ids(),
            rows=self.bert.features(self.bert.tokenizer.ids(phonemes.text), self._tokens(then)),
            style=self._style(manner),
            speaker=self.speaker,
            sampling=_sampling(manner),
        )

    def recipe(self, phonemes: Phonemes, manner: Manner, models: tuple[str, ...]) -> Recipe:
        """All that decides how it sounds, found without running a model; `models` name the two of them."""
        pitch_scale, intonation_scale = pitch.scales(manner) if pitch.available() else (1.0, 1.0)
        return Recipe(
            models=models,
            ids=phonemes.ids(),
            tokens=self.bert.tokenizer.ids(phonemes.text),
            style=self._style(manner),
            speaker=self.speaker,
            sampling=_sampling(manner),
            seed=manner.seed,
            pitch_scale=pitch_scale,
            intonation_scale=intonation_scale,
        )

    def _tokens(self, texts: Iterable[str]) -> Iterator[Sequence[int]]:
        for text in texts:
            try:
                phonemes = self.read(text)
            except EngineError:  # whoever is to say it is told
                continue
            if not phonemes.silent:
                yield self.bert.tokenizer.ids(phonemes.text)

    def _style(self, manner: Manner) -> Floats:
        return self.styles.vector(manner.style, _or(manner.style_weight, 1.0))


def _sampling(manner: Manner) -> Sampling:
    return Sampling(
        length_scale=manner.length_scale,
        sdp_ratio=_or(manner.sdp_ratio, _PEER.sdp_ratio),
        noise_scale=_or(manner.noise_scale, _PEER.noise_scale),
        noise_scale_w=_or(manner.noise_scale_w, _PEER.noise_scale_w),
    )


def _or(asked: float | None, otherwise: float) -> float:
    return otherwise if asked is None else asked
