from __future__ import annotations

import pytest

from hayakoe_daemon.text.verbalize import Verbalizer, latin, loanwords, romaji, tables
from tests.support.readings import moras

VERBALIZER = Verbalizer()

EXAMPLES = [
    ("latin.name", "Home Assistantを再起動", "ホームアシスタントを再起動"),
    ("latin.name", "home assistant", "ホームアシスタント"),
    ("latin.name", "SwitchBotのハブ", "スイッチボットのハブ"),
    ("latin.name", "Wi-Fiが切れた", "ワイファイが切れた"),
    ("latin.name", "LINEが来た", "ラインが来た"),
    ("latin.english", "Good morning", "グッド モーニング"),
    ("latin.english", "It is a dog.", "イット イズ ア ドッグ."),
    ("latin.english", "don't", "ドント"),
    ("latin.dictionary", "Pentium", "ペンティアム"),
    ("latin.plural", "books", "ブックス"),
    ("latin.compound", "SmartLock", "スマートロック"),
    ("latin.model", "cartridge", "カートリッジ"),
    ("latin.spelled", "DIYの本", "ディーアイワイの本"),
    ("latin.spelled", "xml", "エックスエムエル"),
    ("latin.spelled", "A席", "エー席"),
]


@pytest.mark.parametrize(("rule", "text", "spoken"), EXAMPLES)
def test_latin_words_are_found_in_order(rule: str, text: str, spoken: str) -> None:
    result = VERBALIZER.spoken(text)
    assert (result.text, rule in [step.rule for step in result.steps]) == (spoken, True), result.steps


def test_case_tells_units_from_generations() -> None:
    assert VERBALIZER("6Gと6g") == "シックスジーと六グラム"


def test_the_model_is_asked_a_few_times_only() -> None:
    unknown = " ".join(f"brandel{letter}on" for letter in "bcdfghjkl")
    rules = [step.rule for step in VERBALIZER.spoken(unknown).steps]
    assert rules.count("latin.model") == latin.MOST_GUESSES


def test_words_that_are_none_are_not_guessed() -> None:
    assert loanwords.guessed("") is None
    assert loanwords.guessed("x" * 17) is None
    assert loanwords.guessed("naïve") is None


@pytest.mark.parametrize(
    ("word", "kana"),
    [
        ("tanaka", "タナカ"),
        ("shinjuku", "シンジュク"),
        ("nippon", "ニッポン"),
        ("matcha", "マッチャ"),
        ("kanji", "カンジ"),
        ("street", None),
        ("to", None),
    ],
)
def test_romaji(word: str, kana: str | None) -> None:
    assert romaji.kana(word) == kana


@pytest.mark.parametrize(
    "name",
    ["latin", "english", "openjtalk", "letters", "romaji", "domains", "files", "units", "per", "emoji", "variants"],
)
def test_tables_are_in_order(name: str) -> None:
    table = tables.rows(name)
    assert all(len(row) == 2 and all(row) for row in table)
    if name in {"latin", "english", "openjtalk"}:
        assert all(set(said) <= {*map(chr, range(0x30A1, 0x30FB)), "ー"} for _, said in table)


@pytest.mark.parametrize("word", ["place", "Santa", "NASA", "Wikipedia", "paper"])
def test_words_of_openjtalk_sound_as_there(word: str) -> None:
    from hayakoe_daemon.text.g2p import read  # noqa: PLC0415, OpenJTalk is wanted by this test alone

    assert moras(tables.pairs("openjtalk").get(word) or tables.pairs("openjtalk")[word.lower()]) == moras(
        read(word).kana
    )
