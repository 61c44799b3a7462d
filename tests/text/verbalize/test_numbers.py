from __future__ import annotations

import pytest

from hayakoe_daemon.text.verbalize import numbers
from hayakoe_daemon.text.verbalize.counters import Counter, counters
from tests.support.readings import moras

NUMBERS = [
    (0, "零", "レー"),
    (10, "十", "ジュー"),
    (300, "三百", "サンビャク"),
    (600, "六百", "ロッピャク"),
    (808, "八百八", "ハッピャクハチ"),
    (1000, "千", "セン"),
    (3000, "三千", "サンゼン"),
    (1100, "千百", "センヒャク"),
    (10_000, "一万", "イチマン"),
    (12_345, "一万二千三百四十五", "イチマンニセンサンビャクヨンジューゴ"),
    (10_000_000, "一千万", "イッセンマン"),
    (120_000_000, "一億二千万", "イチオクニセンマン"),
    (10**12, "一兆", "イッチョー"),
    (10**16 + 1, "一京一", "イッケーイチ"),
]


@pytest.mark.parametrize(("number", "kanji", "kana"), NUMBERS)
def test_numbers_have_words(number: int, kanji: str, kana: str) -> None:
    assert numbers.kanji(number) == kanji
    assert moras(numbers.kana(number)) == moras(kana)


def test_the_largest_number_and_none_beyond() -> None:
    assert numbers.kanji(numbers.MOST).startswith("九千九百九十九垓")
    for wrong in (-1, numbers.MOST + 1):
        with pytest.raises(ValueError, match="not within"):
            numbers.kanji(wrong)
        with pytest.raises(ValueError, match="not within"):
            numbers.kana(wrong)


def test_what_is_said_last() -> None:
    assert [numbers.last_part(number) for number in (0, 3, 23, 110, 1800, 10_000)] == [0, 3, 3, 10, 800, 10_000]


READINGS = {
    "本": {
        1: "イッポン",
        3: "サンボン",
        4: "ヨンホン",
        6: "ロッポン",
        8: "ハッポン",
        10: "ジュッポン",
        100: "ヒャッポン",
        1000: "センボン",
    },
    "匹": {3: "サンビキ", 6: "ロッピキ", 600: "ロッピャッピキ"},
    "分": {1: "イップン", 3: "サンプン", 4: "ヨンプン", 5: "ゴフン", 10: "ジュップン", 15: "ジューゴフン"},
    "人": {1: "ヒトリ", 2: "フタリ", 4: "ヨニン", 14: "ジューヨニン", 21: "ニジューイチニン"},
    "日": {
        1: "ツイタチ",
        8: "ヨーカ",
        10: "トーカ",
        14: "ジューヨッカ",
        19: "ジュークニチ",
        20: "ハツカ",
        24: "ニジューヨッカ",
        31: "サンジューイチニチ",
    },
    "階": {1: "イッカイ", 3: "サンガイ", 8: "ハッカイ", 13: "ジューサンガイ"},
    "歳": {1: "イッサイ", 8: "ハッサイ", 20: "ハタチ", 21: "ニジューイッサイ", 30: "サンジュッサイ"},
    "時": {0: "レージ", 4: "ヨジ", 7: "シチジ", 9: "クジ", 19: "ジュークジ"},
    "つ": {1: "ヒトツ", 4: "ヨッツ", 9: "ココノツ"},
    "円": {4: "ヨエン", 104: "ヒャクヨエン"},
}


@pytest.mark.parametrize(
    ("counter", "number"), [(counter, number) for counter, row in READINGS.items() for number in row]
)
def test_counters_change_sounds(counter: str, number: int) -> None:
    assert counters()[counter].kana(number) == READINGS[counter][number]


_ASKED = (*range(15), 18, 19, 20, 24, 30, 100, 101, 300)


def _numbers_of(counter: Counter) -> tuple[int, ...]:
    if counter.surface.startswith("つ"):
        return tuple(range(1, 10))
    return tuple(range(1, 13)) if counter.surface == "月" else _ASKED


@pytest.mark.parametrize("counter", counters().values(), ids=lambda counter: counter.surface)
def test_openjtalk_reads_what_is_written(counter: Counter) -> None:
    """Fails where a new dictionary of OpenJTalk makes the column of misread numbers wrong."""
    from hayakoe_daemon.text.g2p import read  # noqa: PLC0415, OpenJTalk is wanted by this test alone

    heard = {number: read(f"全部で{counter.say(number)}です").kana for number in _numbers_of(counter)}
    right = {number: moras(f"ゼンブデ{counter.kana(number)}デス") for number in heard}
    assert {number: kana for number, kana in heard.items() if moras(kana) != right[number]} == {}
