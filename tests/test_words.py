"""The dictionary's file: what is in it counts, what cannot be used is set aside, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hayakoe_daemon.answer import Answer, Done, Refused
from hayakoe_daemon.text.dictionary import UserWord
from hayakoe_daemon.text.errors import G2PError
from hayakoe_daemon.word_change import AddWord, RemoveWord
from hayakoe_daemon.words import WordBook, WordsError

HAYAKOE = UserWord("早声", "ハヤコエ", 2)


class Pupil:
    """Stands where OpenJTalk is taught; refuses a word called 無理."""

    def __init__(self) -> None:
        self.words: tuple[UserWord, ...] = ()

    def teach(self, words: Sequence[UserWord]) -> None:
        if any(one.word == "無理" for one in words):
            raise G2PError("no")
        self.words = tuple(words)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "dictionary.yaml"


def book_of(file: Path) -> tuple[WordBook, Pupil, list[str]]:
    pupil, troubles = Pupil(), list[str]()
    book = WordBook(file, pupil.teach, troubles.append)
    book.load()
    return book, pupil, troubles


def test_a_word_is_taught_and_on_disk_when_it_was_added(file: Path) -> None:
    book, pupil, _ = book_of(file)
    assert book.change(AddWord("早声", "はやこえ", 2))
    assert pupil.words == (HAYAKOE,)
    assert book_of(file)[1].words == (HAYAKOE,)
    assert not list(file.parent.glob("*.new"))
    assert book.change(RemoveWord("早声"))
    assert pupil.words == book_of(file)[1].words == ()
    assert not book.change(RemoveWord("早声"))


def test_the_same_once_more_changes_nothing(file: Path) -> None:
    book, _, _ = book_of(file)
    book.change(AddWord("早声", "ハヤコエ", 2))
    before = file.stat()
    assert book.change(AddWord("早声", "ハヤコエ", 2))
    assert file.stat().st_ino == before.st_ino


@pytest.mark.parametrize("change", [AddWord("早声", "早い", 0), AddWord("無理", "ムリ", 0)])
def test_what_cannot_be_used_is_refused_and_the_old_words_count(file: Path, change: AddWord) -> None:
    book, pupil, _ = book_of(file)
    book.change(AddWord("早声", "ハヤコエ", 2))
    with pytest.raises(WordsError):
        book.change(change)
    assert book.dictionary.words == pupil.words == (HAYAKOE,)
    assert book_of(file)[1].words == (HAYAKOE,)


def test_a_disk_that_takes_nothing_is_told_and_nothing_has_changed(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")
    book, pupil, _ = book_of(file)
    with pytest.raises(WordsError, match="cannot write"):
        book.change(AddWord("早声", "ハヤコエ", 2))
    assert book.dictionary.words == pupil.words == ()
    answers: list[Answer] = []
    book.submit(AddWord("早声", "ハヤコエ", 2), answers.append)
    book.step()
    assert isinstance(answers[0], Refused)
    assert answers[0].code == "not_kept"


def test_a_bad_entry_is_set_aside_with_its_reason_and_is_not_lost(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("- {word: 早声, reading: ハヤコエ, accent: 2}\n- {word: 遅声, reading: 遅い}\n", encoding="utf-8")
    book, pupil, troubles = book_of(file)
    assert pupil.words == (HAYAKOE,)
    assert len(troubles) == 1
    assert "line 2" in troubles[0]
    assert "katakana" in troubles[0]
    assert len(book.document()["set_aside"]) == 1
    book.change(AddWord("紬", "ツムギ", 0))
    aside = file.with_name("dictionary.set-aside.yaml").read_text(encoding="utf-8")
    assert "遅い" in aside
    assert "katakana" in aside
    assert book_of(file)[2] == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"- {word: ", b"hello: world"])
def test_a_file_that_is_no_dictionary_blocks_nothing_and_is_kept(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    book, pupil, troubles = book_of(file)
    assert pupil.words == ()
    assert "cannot be read" in troubles[0]
    book.change(AddWord("早声", "ハヤコエ", 2))
    broken = file.with_name("dictionary.broken.yaml")
    assert broken.read_bytes() == content
    assert str(broken) in troubles[-1]
    assert book_of(file)[1].words == (HAYAKOE,)


def test_a_mistake_in_the_file_takes_no_word_away_from_a_daemon_that_runs(file: Path) -> None:
    book, pupil, troubles = book_of(file)
    book.change(AddWord("早声", "ハヤコエ", 2))
    file.write_text("- {word: ", encoding="utf-8")
    book.reload(file)
    book.step()
    assert pupil.words == (HAYAKOE,)
    assert "still count" in troubles[0]
    assert "line 1" in troubles[0]
    assert "line 1" in book.document()["unreadable"]
    book.change(AddWord("紬", "ツムギ", 0))
    assert "unreadable" not in book.document()
    assert book_of(file)[1].words == (HAYAKOE, UserWord("紬", "ツムギ", 0))


def test_words_that_openjtalk_does_not_take_block_nothing(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("- {word: 無理, reading: ムリ}\n", encoding="utf-8")
    _, _, troubles = book_of(file)
    assert "not used" in troubles[0]


def test_requests_are_answered_from_the_thread_that_steps(file: Path) -> None:
    book, _, _ = book_of(file)
    answers: list[Answer] = []
    for change in (AddWord("早声", "ハヤコエ", 2), AddWord("早声", "早い", 0), RemoveWord("早声"), RemoveWord("早声")):
        book.submit(change, answers.append)
    assert answers == []
    for _ in range(4):
        book.step()
    done, refused, removed, unknown = answers
    assert (done, removed) == (Done(), Done())
    assert isinstance(refused, Refused)
    assert refused.code == "bad_word"
    assert isinstance(unknown, Refused)
    assert unknown.code == "unknown_word"


def test_the_file_is_read_again_when_asked(file: Path) -> None:
    book, pupil, _ = book_of(file)
    other = file.with_name("other.yaml")
    other.parent.mkdir(exist_ok=True)
    other.write_text("- {word: 早声, reading: ハヤコエ, accent: 2}\n", encoding="utf-8")
    book.reload(other)
    book.step()
    assert pupil.words == (HAYAKOE,)
