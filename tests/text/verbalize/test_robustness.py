"""Whatever comes: nothing raises, nothing takes long, and twice the text takes twice the time."""

from __future__ import annotations

import random
import time

import pytest

from hayakoe_daemon.text.verbalize import Verbalizer
from tests.support.waiting import patient

VERBALIZER = Verbalizer()
LIMIT = patient(0.05)

CHARACTERS = (
    "0123456789" * 3 + "abcxyzABCXYZIVX" + "あいうのはがでにをカキクー漢字年月日時分秒円個本人回方何空辛十一二三"
    "、。・…！？「」『』()（）[]【】〜~-–—−/.,:;+=×÷±<>%℃°²³½①㈱㍻Ⅳ→←↑↓&@#*_|\\^'\"¥$€£ \n\t\u3000😀👨‍👩‍👧🇯🇵1️⃣❤️♪★"
    "\x00\ud800\ue000\u200b\u0301ﾞﾟｶﾞｱ￥％／．𠮷髙\U0010ffff\u0378"
)
PIECES = [
    *(
        "7:30",
        "2026/11/20",
        "http://",
        "a@b.c",
        "192.168.0.1",
        "v1.2",
        "kWh",
        "km/h",
        "万",
        "億",
        "¥1,280",
        "3LDK",
        "Wi-Fi",
    ),
    *(
        "ヶ月",
        "分の",
        "バージョン",
        "パスワードは",
        "上空の",
        "被害を",
        "1/2",
        "10〜15分",
        "AM",
        "pm",
        "第III",
        "〒",
        "電話",
        "番号",
    ),
    *("AA:BB:CC:DD:EE:FF", "xkqjz", "strengths", "supercalifragilistic", "[pause 500]", "《", "》", "｜"),
]


def adversarial(number: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    texts = []
    for _ in range(number):
        length = chance.choice((1, 3, 10, 50, 120, 400))
        kind = chance.random()
        if kind < 0.5:
            text = "".join(chance.choice(CHARACTERS) for _ in range(length))
        elif kind < 0.8:
            text = "".join(chance.choice(PIECES) + chance.choice(CHARACTERS) for _ in range(length // 4 + 1))
        else:
            unit = "".join(chance.choice(CHARACTERS) for _ in range(chance.randint(1, 4))) + chance.choice(
                ["", *PIECES]
            )
            text = unit * (length // len(unit) + 1)
        texts.append(text)
    return texts


def seconds(text: str) -> float:
    started = time.thread_time()
    VERBALIZER(text)
    return time.thread_time() - started


def check(number: int) -> None:
    for text in adversarial(number):
        # A second look at what was slow: another program may have had the processor's caches.
        assert seconds(text) < LIMIT or seconds(text) < LIMIT, text


def test_adversarial_strings() -> None:
    check(3_000)


@pytest.mark.long
def test_adversarial_strings_many() -> None:
    check(100_000)


@pytest.mark.parametrize(
    "unit",
    [
        *"1aあ漢(.-〜何の\n😀",
        "1,",
        "1-",
        "1:",
        "a.",
        "a@",
        "/",
        "1/",
        "10分",
        "上空の",
        "被害を",
        "v1.",
        "水が",
        "12〜",
    ],
)
def test_time_is_linear(unit: str) -> None:
    short, long = (unit * 2_000)[:2_000], (unit * 8_000)[:8_000]
    VERBALIZER(short)
    quick = min(seconds(short) for _ in range(3))
    assert min(seconds(long) for _ in range(3)) < 8 * quick + patient(0.01)


def test_an_ordinary_sentence_takes_less_than_a_millisecond() -> None:
    text = "室温は23.5℃、湿度は48%、電気代は12,345円です。11/20(金) 19:00から会議。"
    VERBALIZER(text)
    assert min(seconds(text) for _ in range(20)) < patient(0.001)
