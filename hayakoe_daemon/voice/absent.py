"""What stands in the place of a voice's models while they are not loaded: it says so, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hayakoe_daemon.text.tokenizer import Tokenizer, TokenizerError
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.synthesizer import Counts, Feed, Floats

_WHY = "its model is not loaded"


class NoBert:
    """In the place of a BERT: what its characters are called is known, what they mean is not."""

    def __init__(self, tokenizer: Path) -> None:
        """Raises VoiceError."""
        try:
            self.tokenizer = Tokenizer(tokenizer)
        except TokenizerError as error:
            raise VoiceError(str(error)) from error

    def features(self, token_ids: Sequence[int], then: Iterable[Sequence[int]] = ()) -> Floats:  # noqa: ARG002, as every BERT has it
        raise EngineError(_WHY)

    def close(self) -> None: ...


class NoSynthesizer:
    """In the place of a voice's model."""

    seeded = True
    outlook = None

    def __init__(self, sample_rate: int, hop_length: int) -> None:
        self.sample_rate = sample_rate
        self.hop_length = hop_length

    def stream(self, feed: Feed, seed: int | None = None) -> Iterator[Floats]:  # noqa: ARG002, as above
        raise EngineError(_WHY)

    def durations(self, feed: Feed, seed: int | None = None) -> Counts | None:  # noqa: ARG002, as above
        raise EngineError(_WHY)

    def close(self) -> None: ...
