"""What a voice reads: phones, tones and their places in the text."""

from __future__ import annotations

from dataclasses import dataclass

from hayakoe_daemon.text.symbols import BLANK_ID, EDGE, LANGUAGE_ID, PHONE_IDS, PUNCTUATION, TONE_OFFSET


@dataclass(frozen=True, slots=True)
class Ids:
    """The numbers a voice is given, blanks between and around them: all of one length, 2 * phones + 1.

    `word2ph` is that of the phones with their blanks.
    """

    phones: tuple[int, ...]
    tones: tuple[int, ...]
    languages: tuple[int, ...]
    word2ph: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Phonemes:
    """One sentence as it is said. ValueError where its parts do not fit together.

    `phones` and `tones` (0 low, 1 high) are of one length; `text` is what BERT reads, and `word2ph` says how many
    phones each of its characters has, with 1 for each end.
    """

    text: str
    phones: tuple[str, ...]
    tones: tuple[int, ...]
    word2ph: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.phones) < 2 or self.phones[0] != EDGE or self.phones[-1] != EDGE:
            raise ValueError(f"phones begin and end with {EDGE}: {self.phones}")
        if unknown := set(self.phones[1:-1]) - PHONE_IDS.keys() | {EDGE} & set(self.phones[1:-1]):
            raise ValueError(f"no voice knows these phones: {sorted(unknown)}")
        if len(self.tones) != len(self.phones) or not set(self.tones) <= {0, 1}:
            raise ValueError(f"a tone, 0 or 1, for each of {len(self.phones)} phones: {self.tones}")
        if any(
            tone and (phone in PUNCTUATION or phone == EDGE)
            for phone, tone in zip(self.phones, self.tones, strict=True)
        ):
            raise ValueError(f"punctuation has no high tone: {self.phones}, {self.tones}")
        if len(self.word2ph) != len(self.text) + 2 or self.word2ph[0] != 1 or self.word2ph[-1] != 1:
            raise ValueError(f"a count for each of {len(self.text)} characters and 1 for each end: {self.word2ph}")
        if min(self.word2ph) < 0 or sum(self.word2ph) != len(self.phones):
            raise ValueError(f"{len(self.phones)} phones shared out: {self.word2ph}")

    @property
    def silent(self) -> bool:
        """True where there is nothing but marks and edges."""
        return all(phone in PUNCTUATION or phone == EDGE for phone in self.phones)

    def ids(self) -> Ids:
        word2ph = [2 * count for count in self.word2ph]
        word2ph[0] += 1
        return Ids(
            phones=_with_blanks([PHONE_IDS[phone] for phone in self.phones]),
            tones=_with_blanks([tone + TONE_OFFSET for tone in self.tones]),
            languages=_with_blanks([LANGUAGE_ID] * len(self.phones)),
            word2ph=tuple(word2ph),
        )


def _with_blanks(ids: list[int]) -> tuple[int, ...]:
    blanks = [BLANK_ID] * (2 * len(ids) + 1)
    blanks[1::2] = ids
    return tuple(blanks)
