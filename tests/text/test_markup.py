from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hayakoe_daemon.text.markup import Pause, Words, parse, plain
from hayakoe_daemon.text.openjtalk import labels


def reading(spoken: str, shown: str) -> Words:
    return Words(spoken=spoken, shown=shown)


def text(written: str) -> Words:
    return Words(spoken=written, shown=written)


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("", ()),
        ("晴れ", (text("晴れ"),)),
        ("｜一日《ついたち》は", (reading("ツイタチ", "一日"), text("は"))),
        ("|SF映画《エスエフえいが》", (reading("エスエフエイガ", "SF映画"),)),
        ("明日《あす》は", (reading("アス", "明日"), text("は"))),
        ("その人々《ひとびと》", (text("その"), reading("ヒトビト", "人々"))),
        ("強請《ゆす》る", (reading("ユス", "強請"), text("る"))),
        ("｜ゝ《ゔゝ》", (reading("ヴヽ", "ゝ"),)),
        ("𠮟《しか》る", (reading("シカ", "𠮟"), text("る"))),
    ],
)
def test_readings(written: str, parts: tuple[Words, ...]) -> None:
    assert parse(written) == parts


@pytest.mark.parametrize(
    "written",
    [
        "《はい》",
        "本《The Book》を読む",
        "かな《かな》",
        "漢字《》",
        "｜《よみ》",
        "｜ 《よみ》",
        "｜漢字《 》",
        "｜漢字",
        "漢字《かん\nじ》",
        "漢字《かんじ",
        "a｜b|c",
    ],
)
def test_what_is_no_reading_stays_text(written: str) -> None:
    assert "".join(part.spoken for part in parse(written) if isinstance(part, Words)) == written
    assert plain(written) == written


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("[pause 500]", 0.5),
        ("[pause 0]", 0.0),
        ("[pause 10000]", 10.0),
        ("[pause500]", 0.5),
        ("[ Pause   250 ]", 0.25),
        ("[PAUSE 250 ms]", 0.25),
        ("［pause　１５００］", 1.5),
    ],
)
def test_pauses(written: str, seconds: float) -> None:
    assert parse(f"あ{written}い") == (text("あ"), Pause(seconds), text("い"))


@pytest.mark.parametrize(
    "written", ["[pause]", "[pause -5]", "[pause 10001]", "[pause 1.5]", "[pause x]", "[pose 5]", "pause 5"]
)
def test_what_is_no_pause_stays_text(written: str) -> None:
    assert parse(written) == (text(written),)


def test_plain_shows_what_was_meant_to_be_seen() -> None:
    assert plain("｜今日《きょう》は[pause 500]強請《ゆす》る《そう》だ") == "今日は強請る《そう》だ"


@given(st.text(alphabet="｜|《》漢字かなカナ[pause 500]５\n ", max_size=60))
def test_nothing_is_lost_and_nothing_is_empty(written: str) -> None:
    parts = parse(written)
    assert all(part.spoken and part.shown for part in parts if isinstance(part, Words))
    assert plain(written) == "".join(part.shown for part in parts if isinstance(part, Words))
    if not any(isinstance(part, Pause) or part.is_reading for part in parts):
        assert plain(written) == written


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("｜一日《ついたち》", "ts u i t a ch i"),
        ("｜今日《こんにち》は", "k o N n i ch i w a"),
        ("｜今日は《こんにちは》", "k o N n i ch i h a"),
        ("｜強請《ゆす》る", "y u s u r u"),
        ("強請《ゆす》る", "y u s u r u"),
        ("｜東京《とうきょう》", "t o o ky o o"),
        ("｜私《わたくし》", "w a t a k U sh i"),
        ("｜葉《は》", "h a"),
        ("｜部屋《へや》へ", "h e y a e"),
    ],
)
def test_openjtalk_reads_what_was_given(written: str, phones: str) -> None:
    spoken = "".join(part.spoken for part in parse(written) if isinstance(part, Words))
    assert [label.phone for label in labels(spoken)][1:-1] == phones.split()
