"""The user's dictionary: a YAML file, and what OpenJTalk has been taught of it.

A thread of its own carries out what is asked, one request after the other: it is on disk and in OpenJTalk before
anybody is told that it was done.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hayakoe_daemon.answer import Answer, Done, Refused
from hayakoe_daemon.system.durable import replace_durably
from hayakoe_daemon.text.dictionary import Dictionary, DictionaryError, UserWord, parse, written
from hayakoe_daemon.text.errors import G2PError
from hayakoe_daemon.word_change import AddWord, Change, RemoveWord

log = logging.getLogger(__name__)

Teach = Callable[[Sequence[UserWord]], None]
"""Has OpenJTalk use these words and no others; G2PError where it does not take them."""

_HEAD = """\
# The words of this house. hayakoe-daemon writes this file anew whenever a word is added or removed.
# word: as it is written; reading: in katakana; accent: the mora after which the voice falls, 0 where it does not.
"""
_ASIDE_HEAD = "# Entries of the dictionary that could not be used, each below its reason. Nothing reads this file.\n"
_WAIT = 0.5


class WordsError(Exception):
    """The words cannot be kept, or cannot be said; the message says why."""


class WordsFileError(WordsError):
    """The file of the words cannot be written."""


class WordBook:
    """The dictionary in the file at `path`. `trouble` is told, in plain English, what of it cannot be used."""

    def __init__(self, path: Path, teach: Teach, trouble: Callable[[str], None]) -> None:
        self._path = path
        self._teach = teach
        self._trouble = trouble
        self._dictionary = Dictionary()
        self._unreadable: str | None = None
        self._requests: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    @property
    def dictionary(self) -> Dictionary:
        return self._dictionary

    def document(self) -> dict[str, Any]:
        """The words and what was set aside, as `dictionary list --json` shows them; and why the file was not read."""
        found = document(self._dictionary)
        return found if self._unreadable is None else {**found, "unreadable": self._unreadable}

    def submit(self, change: Change, reply: Callable[[Answer], None]) -> None:
        """Have a word added or removed; any thread, returns at once. `reply` comes from the thread of `step`."""
        self._requests.put(lambda: reply(self._answer(change)))

    def reload(self, path: Path) -> None:
        """Have the file read again, or another one instead."""

        def read() -> None:
            if path != self._path:
                self._path, self._dictionary = path, Dictionary()
            self.load()

        self._requests.put(read)

    def step(self) -> None:
        """Carry out one request, or wait for one, half a second at the most."""
        try:
            request = self._requests.get(timeout=_WAIT)
        except queue.Empty:
            return
        request()

    def load(self) -> None:
        """Read the file and teach its words. Whatever is wrong with it, the trouble is told and the rest counts; where
        nothing of it can be read, the words that were known before do."""
        self._unreadable = None
        try:
            found = parse(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            found = Dictionary()
        except (OSError, UnicodeDecodeError, DictionaryError) as error:
            self._unreadable = f"the dictionary {self._path} cannot be read: {error}"
            found = Dictionary(self._dictionary.words)
            known = "the words that were known before still count" if found.words else "none of its words is known"
            self._trouble(f"{self._unreadable}; {known}")
        for aside in found.set_aside:
            self._trouble(f"the dictionary {self._path}: an entry was set aside, {aside.reason}")
        try:
            self._teach(found.words)
        except G2PError as error:
            self._trouble(f"the words of {self._path} are not used: {error}")
        self._dictionary = found

    def change(self, change: Change) -> bool:
        """Add or remove a word; false where there was none to remove. Raises WordsError, and nothing has changed."""
        old = self._dictionary
        try:
            match change:
                case AddWord(word, reading, accent):
                    new = old.with_word(UserWord.written(word, reading, accent))
                case RemoveWord(word):
                    new = old.without(word)
            if new == old:
                return isinstance(change, AddWord)
            self._teach(new.words)
        except (ValueError, G2PError) as error:
            raise WordsError(str(error)) from error
        try:
            self._write(new)
        except OSError as error:
            self._teach(old.words)
            raise WordsFileError(f"cannot write {self._path}: {error.strerror or error}") from error
        self._dictionary = Dictionary(new.words)
        return True

    def _answer(self, change: Change) -> Answer:
        try:
            if self.change(change):
                return Done()
        except WordsError as error:
            code = "not_kept" if isinstance(error, WordsFileError) else "bad_word"
            return Refused(code, f"{str(error)[0].upper()}{str(error)[1:]}.")
        return Refused("unknown_word", f'There is no word "{change.word}" in the dictionary.', "word")

    def _write(self, dictionary: Dictionary) -> None:
        """Replace the file atomically; what cannot be used of the old one is kept beside it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._unreadable is not None:
            broken = self._beside(".broken")
            self._path.replace(broken)
            self._unreadable = None
            self._trouble(f"the dictionary that could not be read is now {broken}; mend its words and add them again")
        if dictionary.set_aside:
            aside = self._beside(".set-aside")
            old = aside.read_text(encoding="utf-8") if aside.exists() else _ASIDE_HEAD
            entries = "".join(
                f"\n# {' '.join(one.reason.split())}\n- {one.entry.replace(chr(10), ' ')}\n"
                for one in dictionary.set_aside
            )
            replace_durably(aside, (old + entries).encode())
        replace_durably(self._path, (_HEAD + written(dictionary.words)).encode())

    def _beside(self, what: str) -> Path:
        return self._path.with_name(f"{self._path.stem}{what}{self._path.suffix}")


def troubles_of(path: Path) -> list[str]:
    """What of the file cannot be used, in plain English; whether OpenJTalk takes the words is not tried."""
    troubles: list[str] = []
    WordBook(path, lambda _: None, troubles.append).load()
    return troubles


def document(dictionary: Dictionary) -> dict[str, Any]:
    """As JSON: `words` and `set_aside`."""
    return {
        "words": [{"word": one.word, "reading": one.reading, "accent": one.accent} for one in dictionary.words],
        "set_aside": [{"entry": one.entry, "reason": one.reason} for one in dictionary.set_aside],
    }
