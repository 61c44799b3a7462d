"""Text to phonemes, exactly as the voices heard them in their training, and the words on the way there.

OpenJTalk reads the sentence once. Its words say what the phones are and which characters they belong to, its labels how
high they are; BERT is given the characters of those words, which may be others than those of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hayakoe_daemon.text import align, moras, openjtalk
from hayakoe_daemon.text.accent import Sound, sounds
from hayakoe_daemon.text.moras import Mora
from hayakoe_daemon.text.normalize import in_marks, normalize
from hayakoe_daemon.text.openjtalk import G2PError
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.text.symbols import EDGE, PUNCTUATION

__all__ = ["G2PError", "Reading", "SpokenMora", "SpokenWord", "read"]


@dataclass(frozen=True, slots=True)
class SpokenMora:
    """One beat of speech, or one mark: its katakana, its phones, and how high it is (0 low, 1 high).

    `first` is true where an accent phrase begins with it.
    """

    kana: str
    phones: tuple[str, ...]
    tones: tuple[int, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of a sentence: how it is written, and the moras that are said.

    Where nobody can read it, each character is a mora `'`.
    """

    text: str
    moras: tuple[SpokenMora, ...]

    @property
    def kana(self) -> str:
        return "".join(mora.kana for mora in self.moras)

    @property
    def phones(self) -> tuple[str, ...]:
        return tuple(phone for mora in self.moras for phone in mora.phones)

    @property
    def tones(self) -> tuple[int, ...]:
        return tuple(tone for mora in self.moras for tone in mora.tones)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a sentence is read."""

    normalized: str
    words: tuple[SpokenWord, ...]

    @property
    def kana(self) -> str:
        return "".join(word.kana for word in self.words)

    def phonemes(self) -> Phonemes:
        word2ph = [count for word in self.words for count in align.shares(len(word.phones), len(word.text))]
        return Phonemes(
            text="".join(word.text for word in self.words),
            phones=(EDGE, *(phone for word in self.words for phone in word.phones), EDGE),
            tones=(0, *(tone for word in self.words for tone in word.tones), 0),
            word2ph=(1, *word2ph, 1),
        )


def read(text: str) -> Reading:
    """How the text is read, all of it as one sentence. Raises G2PError."""
    found = openjtalk.analyse(text, normalize)
    written = [(normalize(word.text), in_marks(word.kana)) for word in found.words]
    heard = [(word, kana or _unread(word)) for word, kana in written if word]
    said = list(moras.spoken(kana for _, kana in heard))
    phones = [phone for word in said for mora in word for phone in mora.phones]
    aligned = align.aligned(phones, list(sounds(found.labels)))
    return Reading(
        normalize(found.text),
        tuple(
            SpokenWord(text, tuple(_high_or_low(mora, aligned) for mora in word))
            for (text, _), word in zip(heard, said, strict=True)
        ),
    )


def _high_or_low(mora: Mora, aligned: Iterator[Sound]) -> SpokenMora:
    heard = [next(aligned) for _ in mora.phones]
    return SpokenMora(mora.kana, mora.phones, tuple(sound.tone for sound in heard), heard[0].first)


def _unread(word: str) -> str:
    return word if set(word) <= PUNCTUATION else moras.UNSPOKEN * len(word)
