"""The user's words in the real OpenJTalk."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from hayakoe_daemon.text.dictionary import UserWord
from hayakoe_daemon.text.g2p import read
from hayakoe_daemon.text.openjtalk import labels, teach

WORDS = (
    UserWord("早声", "ハヤコエ", 2),
    UserWord("早声丸", "ソウセイマル", 3),
    UserWord("LED", "レッド", 1),
    UserWord("Home Assistant", "ホームアシスタント", 6),
    UserWord("愛", "メグミ", 1),
    UserWord("ラン", "ランラン", 1),
    UserWord("ジャン・ジャック", "ジャンジャック", 4),
    UserWord("IT", "アイティー", 3),
    UserWord("it", "イット", 1),
    UserWord("3F", "サンガイ", 0),
    UserWord("hayakoe", "ハヤコエデーモン", 0),
    UserWord("グェン", "グェン", 1),
)


@pytest.fixture(autouse=True)
def taught() -> Iterator[None]:
    teach(WORDS)
    yield
    teach(())


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("早声です", "ハヤコエデス"),
        ("早声丸の早声", "ソウセイマルノハヤコエ"),
        ("LEDとＬＥＤ", "レッドトレッド"),
        ("ledのLED電球", "レッドノレッドデンキュー"),
        ("Home Assistantは", "ホームアシスタントワ"),
        ("HomeAssistantは", "ホームアシスタントワ"),
        ("Ｈｏｍｅ　Ａｓｓｉｓｔａｎｔは", "ホームアシスタントワ"),
        ("愛さんと愛知県", "メグミサントアイチケン"),
        ("ランとﾗﾝとベランダ", "ランラントランラントベランダ"),
        ("ジャン・ジャック・ルソー", "ジャンジャック,ルソー"),
        ("ITとit", "アイティートイット"),
        ("3Fと３Ｆ", "サンガイトサンガイ"),
        ("Hayakoe、HAYAKOE", "ハヤコエデーモン,ハヤコエデーモン"),
        ("\ue000あ\uf8ff", "ア"),
    ],
)
def test_words_are_read_as_they_were_taught(text: str, kana: str) -> None:
    assert read(text).kana == kana


@pytest.mark.parametrize("text", ["FILLEDは", "LEDSは", "13Fは", "ベランダは"])
def test_no_word_is_found_inside_another(text: str) -> None:
    before = read(text).kana
    teach(())
    assert read(text).kana == before


def test_the_accent_is_the_one_that_was_given() -> None:
    assert read("早声が").words[0].tones == (0, 0, 1, 1, 0, 0, 0)
    assert read("早声丸が").words[0].tones == (0, 0, 1, 1, 1, 0, 0, 0, 0, 0)
    assert [word.tones for word in read("hayakoeが").words] == [(0, 0, *[1] * 11), (1, 1)]


def test_bert_reads_the_word_as_it_is_written() -> None:
    assert read("ＬＥＤと早声丸").phonemes().text == "LEDと早声丸"
    assert read("LEDと Home Assistant").normalized == "LEDとHomeAssistant"


def test_the_embedded_voice_says_them_too() -> None:
    assert " ".join(label.phone for label in labels("早声とＬＥＤ")) == "sil h a y a k o e t o r e cl d o sil"


def test_taught_words_take_the_place_of_those_before() -> None:
    teach((UserWord("早声", "オソイ", 0),))
    assert read("早声丸").kana.startswith("オソイ")
    teach(())
    assert read("早声").kana not in ("オソイ", "ハヤコエ")


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    teach(WORDS)
    read("早声丸")
    assert capfd.readouterr() == ("", "")


def test_five_thousand_words_are_taught_and_found() -> None:
    many = [UserWord(f"語{chr(0x4E00 + n)}{chr(0x5E00 + n % 7)}", "ゴア", 1) for n in range(5_000)]
    teach(many)
    assert read(f"これは{many[4_321].word}です").kana == "コレワゴアデス"


def test_teaching_while_others_read() -> None:
    wrong: list[str] = []

    def reading() -> None:
        for _ in range(300):
            kana = read("早声丸です").kana
            if kana not in ("ソウセイマルデス", "ハヤコエマルデス"):
                wrong.append(kana)

    threads = [threading.Thread(target=reading) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(40):
        teach((UserWord("早声", "ハヤコエ", 2),))
        teach(WORDS)
    for thread in threads:
        thread.join()
    assert wrong == []
