"""The two networks of a neural voice as the rest of the house sees them, however their graphs are run: whole as
exported, or in pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.text.phonemes import Ids
from hayakoe_daemon.text.tokenizer import Tokenizer
from hayakoe_daemon.voice.plan import Outlook

Floats = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int64]

BREATH = 0.05
"""Seconds after which whoever waits for a piece is asked whether he has something better to do."""


class Elsewhere(Protocol):
    """Features of one sentence that lie in another memory than the processor's, such as that of a graphics card."""

    def __len__(self) -> int:
        """Tokens."""

    def on_host(self) -> Floats:
        """float32 (tokens, 1024), fetched. Raises EngineError."""


Rows = Floats | Elsewhere
"""What BERT makes of a sentence, 1024 features for each token, [CLS] and [SEP] included: float32 (tokens, 1024), or
wherever else they lie."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """The VITS sampling parameters; the defaults are those that Style-Bert-VITS2 speaks with."""

    length_scale: float = 1.0
    sdp_ratio: float = 0.2
    noise_scale: float = 0.6
    noise_scale_w: float = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """One sentence for a synthesizer, n ids long, blanks included. ValueError where the shapes do not fit together.

    `rows` are as BERT gave them; `style` float32 (256,); `speaker` the number of the speaker inside the model.
    """

    ids: Ids
    rows: Rows
    style: Floats
    speaker: int = 0
    sampling: Sampling = Sampling()

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.ids.word2ph) or sum(self.ids.word2ph) != len(self.ids.phones):
            raise ValueError(
                f"features of {len(self.rows)} tokens, where {len(self.ids.word2ph)} have {len(self.ids.phones)} ids"
            )
        if self.style.ndim != 1:
            raise ValueError(f"a style vector of shape {self.style.shape}")

    @property
    def columns(self) -> Counts:
        """For each id the row of its token, int64 (n,)."""
        return np.repeat(np.arange(len(self.ids.word2ph)), self.ids.word2ph)

    @property
    def bert(self) -> Floats:
        """Each token's features repeated word2ph times, float32 (1024, n); made anew each time. Raises EngineError
        where they have to be fetched and cannot.
        """
        rows = self.rows if isinstance(self.rows, np.ndarray) else self.rows.on_host()
        return np.ascontiguousarray(rows[self.columns].T)


class BertModel(Protocol):
    """What gives each character its meaning in the sentence; all voices share one. Several threads of the render queue
    may call it at once.
    """

    @property
    def tokenizer(self) -> Tokenizer:
        """The vocabulary that belongs to it."""

    def features(self, token_ids: Sequence[int], then: Iterable[Sequence[int]] = ()) -> Rows:
        """Of one sentence, [CLS] and [SEP] included. Raises EngineError.

        `then` are sentences that will probably be asked for next; they may be read with this one where that is faster.
        """

    def close(self) -> None: ...


class Synthesizer(Protocol):
    """A voice's own network. Called by the render queue's threads, for several sentences at once only where its pieces
    come with an outlook, or it was said that it does well so; raises EngineError.
    """

    @property
    def sample_rate(self) -> int: ...

    @property
    def hop_length(self) -> int:
        """Samples of one frame."""

    @property
    def seeded(self) -> bool:
        """True where the noise is an input, so that a seed gives the same sound again."""

    @property
    def outlook(self) -> Outlook | None:
        """What is still to come after the piece that was handed out last; None where nothing is known of that."""

    def stream(self, feed: Feed, seed: int | None = None) -> Iterator[Floats]:
        """The samples, piece by piece, as the model gives them: neither trimmed nor levelled.

        A piece without samples says: it takes longer, another sentence may be spoken meanwhile.
        """

    def durations(self, feed: Feed, seed: int | None = None) -> Counts | None:
        """Frames of each id, int64 (n,), for the same feed; None where these graphs do not tell."""

    def close(self) -> None: ...
