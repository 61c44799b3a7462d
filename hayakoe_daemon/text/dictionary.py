"""The user's words: how a word is said that OpenJTalk reads wrongly or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import yaml

from hayakoe_daemon.text import moras
from hayakoe_daemon.text.markup import TO_KATAKANA
from hayakoe_daemon.text.normalize import normalize
from hayakoe_daemon.text.symbols import PUNCTUATION

LONGEST_WORD = 64
LONGEST_READING = 100
MOST_WORDS = 5_000

_KATAKANA = re.compile(r"[ァ-ヴー]+")


@dataclass(frozen=True, slots=True)
class UserWord:
    """A word, its reading in katakana, and its accent: the mora after which the voice falls, 0 where it does not.

    ValueError with the reason where it cannot be said.
    """

    word: str
    reading: str
    accent: int

    def __post_init__(self) -> None:
        if not self.word.isprintable() or self.word != self.word.strip():
            raise ValueError(f"the word {_shown(self.word)} holds characters that cannot be seen, or spaces around it")
        if not 1 <= len(self.word) <= LONGEST_WORD:
            raise ValueError(f"a word has 1 to {LONGEST_WORD} characters, not {len(self.word)}")
        if set(normalize(self.word)) <= PUNCTUATION:
            raise ValueError(f"the word {_shown(self.word)} holds neither a letter, a digit, kana nor kanji")
        if len(self.reading) > LONGEST_READING or not _KATAKANA.fullmatch(self.reading):
            raise ValueError(
                f"the reading {_shown(self.reading)} is not 1 to {LONGEST_READING} katakana, such as ハヤコエ"
            )
        if self.reading.startswith(moras.LONG_VOWEL):
            raise ValueError(f"the reading {self.reading} begins with ー, which has no sound where it stands")
        if not 0 <= self.accent <= moras.count(self.reading):
            raise ValueError(
                f"the accent {self.accent} of {_shown(self.word)} is not within 0 (flat) to"
                f" {moras.count(self.reading)}, the moras of {self.reading}"
            )

    @classmethod
    def written(cls, word: str, reading: str, accent: int = 0) -> Self:
        """A word as people write it: hiragana and half-width kana will do, spaces around it are dropped."""
        kana = unicodedata.normalize("NFKC", reading).strip().translate(TO_KATAKANA)
        return cls(word.strip(), kana if _KATAKANA.fullmatch(kana) else reading, accent)


@dataclass(frozen=True, slots=True)
class SetAside:
    """An entry that cannot be used: what was written, and why not."""

    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The user's words in the order in which they came, none twice, and what was set aside."""

    words: tuple[UserWord, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    def with_word(self, word: UserWord) -> Dictionary:
        """The same with this word, instead of an older one that is written alike. ValueError where it is full."""
        others = self.without(word.word)
        if len(others.words) >= MOST_WORDS:
            raise ValueError(f"the dictionary holds {MOST_WORDS} words already; remove some")
        return Dictionary((*others.words, word), self.set_aside)

    def without(self, word: str) -> Dictionary:
        return Dictionary(tuple(one for one in self.words if one.word != word.strip()), self.set_aside)


class DictionaryError(ValueError):
    """The text is no dictionary at all; the message says where and why."""


def parse(text: str) -> Dictionary:
    """The dictionary in a YAML text; each entry is looked at by itself, a bad one set aside. Raises DictionaryError.

    A list of `{word: ..., reading: ..., accent: ...}`, or such a list under `words`.
    """
    try:
        root = yaml.compose(text, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f" in line {mark.line + 1}, column {mark.column + 1}"
        raise DictionaryError(f"it is not valid YAML{where}: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise DictionaryError(f"it is not valid YAML: {' '.join(str(error).split())}") from error
    dictionary = Dictionary()
    for node in _entries(root):
        written = yaml.serialize(node, allow_unicode=True).strip()
        try:
            word = _user_word(node)
            if any(one.word == word.word for one in dictionary.words):
                raise ValueError(f"the word {_shown(word.word)} stands here a second time")
            dictionary = dictionary.with_word(word)
        except ValueError as error:
            aside = SetAside(written, f"line {node.start_mark.line + 1}: {error}")
            dictionary = Dictionary(dictionary.words, (*dictionary.set_aside, aside))
    return dictionary


def written(words: Sequence[UserWord]) -> str:
    """The YAML text of these words, one a line."""
    entries = [{"word": one.word, "reading": one.reading, "accent": one.accent} for one in words]
    lines = [
        yaml.safe_dump(entry, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10_000).strip()
        for entry in entries
    ]
    return "".join(f"- {line}\n" for line in lines)


def _entries(root: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(root, yaml.MappingNode):
        for name, value in root.value:
            if not (isinstance(name, yaml.ScalarNode) and name.value == "words"):
                raise DictionaryError(f"line {name.start_mark.line + 1}: only `words` may stand here, a list of words")
            yield from _entries(value)
    elif isinstance(root, yaml.SequenceNode):
        yield from root.value
    elif root is not None and not (isinstance(root, yaml.ScalarNode) and root.value in ("", "null", "~")):
        raise DictionaryError("it is not a list of words such as `- {word: 早声, reading: ハヤコエ, accent: 0}`")


def _user_word(node: yaml.Node) -> UserWord:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("an entry looks like {word: 早声, reading: ハヤコエ, accent: 0}")  # noqa: TRY004, the file is wrong
    fields: dict[str, str] = {}
    for name, value in node.value:
        if not (isinstance(name, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)):
            raise ValueError("word, reading and accent are single values")  # noqa: TRY004, the same
        if name.value not in ("word", "reading", "accent") or name.value in fields:
            raise ValueError(f"there is {_shown(name.value)}; an entry has word, reading and accent, each once")
        fields[name.value] = value.value
    if missing := [name for name in ("word", "reading") if not fields.get(name)]:
        raise ValueError(f"{' and '.join(missing)} is missing")
    accent = fields.get("accent", "0")
    if not re.fullmatch(r"[0-9]{1,3}", accent):
        raise ValueError(f"the accent {_shown(accent)} is not a whole number; 0 is flat")
    return UserWord.written(fields["word"], fields["reading"], int(accent))


def _shown(text: str) -> str:
    return ascii(text[:40]) if not text.isprintable() else f'"{text[:40]}"'
