"""Text to phonemes, exactly as the voices heard them in their training, and the words on the way there.

OpenJTalk reads the sentence once. Its words say what the phones are and which characters they belong to, its labels how
high they are; BERT is given the characters of those words, which may be others than those of the text.
"""

from __future__ import annotations

from dataclasses import dataclass

from hayakoe_daemon.text import align, moras, openjtalk
from hayakoe_daemon.text.accent import sounds
from hayakoe_daemon.text.normalize import in_marks, normalize
from hayakoe_daemon.text.openjtalk import G2PError
from hayakoe_daemon.text.phonemes import Phonemes
from hayakoe_daemon.text.symbols import EDGE, PUNCTUATION

__all__ = ["G2PError", "Reading", "SpokenWord", "read"]


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word of a sentence: how it is written, its sound in katakana, and its phones with their tones.

    `kana` is the word itself where that is punctuation, and a `'` for each character where nobody can read it.
    """

    text: str
    kana: str
    phones: tuple[str, ...]
    tones: tuple[int, ...]


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
    phones = list(moras.phones([kana for _, kana in heard]))
    tones = iter(align.tones([phone for word in phones for phone in word], list(sounds(found.labels))))
    return Reading(
        normalize(found.text),
        tuple(
            SpokenWord(word, kana, said, tuple(next(tones) for _ in said))
            for (word, kana), said in zip(heard, phones, strict=True)
        ),
    )


def _unread(word: str) -> str:
    return word if set(word) <= PUNCTUATION else moras.UNSPOKEN * len(word)
