"""What filters write, and that it is read as a Japanese speaker would say it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hayakoe_daemon.reader import Reader
from hayakoe_daemon.schedule.filters import FilterError, filters
from hayakoe_daemon.text.g2p import read
from tests.support.readings import accepted, moras

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 20, 7, 30, tzinfo=TOKYO)
FILTERS = filters(TOKYO, lambda: NOW)
READER = Reader({}, emoji_names=False)


def heard(text: str) -> list[str]:
    return moras(read(READER.spoken(text).text).kana)


@pytest.mark.parametrize(
    ("name", "value", "arguments", "written", "reading"),
    [
        ("date", NOW, (), "11月20日", "ジュウイチガツハツカ"),
        ("date", date(2026, 1, 1), (), "1月1日", "イチガツツイタチ"),
        ("date", "2026-04-08", (), "4月8日", "シガツヨウカ"),
        ("date", "2026-09-14T05:00:00+09:00", (), "9月14日", "クガツジュウヨッカ"),
        ("date", "2026-11-19T23:00:00Z", (), "11月20日", "ジュウイチガツハツカ"),
        ("date", date(2026, 11, 20), (True,), "2026年11月20日", "ニセンニジュウロクネンジュウイチガツハツカ"),
        ("weekday", NOW, (), "金曜日", "キンヨウビ"),
        ("weekday", "2026-11-22", (), "日曜日", "ニチヨウビ"),
        ("clock", NOW, (), "7時30分", "シチジサンジュップン"),
        ("clock", "07:05", (), "7時5分", "シチジゴフン"),
        ("clock", "19:00:00", (), "19時", "ジュウクジ"),
        ("clock", " 7:05:59.5 ", (), "7時5分", "シチジゴフン"),
        ("clock", "2026-11-20T00:10", (), "0時10分", "レイジジュップン"),
        ("clock", datetime(2026, 11, 20, 0, 4, tzinfo=UTC), (), "9時4分", "クジヨンプン"),
        ("clock", NOW.timestamp(), (), "7時30分", "シチジサンジュップン"),
        ("clock", datetime(2026, 11, 20, 6, 59, 40, tzinfo=TOKYO), (), "7時", "シチジ"),
        ("day", date(2026, 11, 20), (), "今日", "キョウ"),
        ("day", "2026-11-21", (), "明日", "{アシタ|アス}"),
        ("day", "2026-11-19", (), "昨日", "キノウ"),
        ("day", "2026-11-24", (), "11月24日", "ジュウイチガツニジュウヨッカ"),
        ("duration", 5400, (), "1時間30分", "イチジカンサンジュップン"),
        ("duration", "90", (), "1分30秒", "イップンサンジュウビョウ"),
        ("duration", 45.4, (), "45秒", "ヨンジュウゴビョウ"),
        ("duration", 7 * 3600 + 50, (), "7時間1分", "{ナナ|シチ}ジカンイップン"),
        ("duration", 3 * 86400 + 4 * 3600, (), "3日と4時間", "ミッカトヨジカン"),
        ("duration", 0, (), "0秒", "{ゼロ|レイ}ビョウ"),
        ("temperature", 23.46, (), "23.5度", "ニジュウサンテンゴド"),
        ("temperature", "-3", (), "マイナス3度", "マイナスサンド"),
        ("temperature", -0.04, (), "0度", "{ゼロ|レイ}ド"),
        ("temperature", 20.0, (), "20度", "ニジュウド"),
        ("percent", "30", (), "30パーセント", "サンジュッパーセント"),
        ("percent", 79.6, (), "80パーセント", "ハチジュッパーセント"),
        ("count", 3, ("本",), "3本", "サンボン"),
        ("count", 8, ("個",), "8個", "ハッコ"),
        ("count", 1, ("人",), "1人", "ヒトリ"),
        ("count", 20, ("歳",), "20歳", "ハタチ"),
        ("count", 1280, ("円",), "1280円", "センニヒャクハチジュウエン"),
        ("number", "21.55", (1,), "21.6", "ニジュウイッテンロク"),
        ("number", 3.0, (), "3", "サン"),
        ("compared", 18, (15,), "昨日より3度高い", "キノウヨリサンドタカイ"),
        ("compared", "9", ("15.2",), "昨日より6度低い", "キノウヨリロクドヒクイ"),
        ("number", 0.5, (), "1", "イチ"),
        ("number", 0.285, (2,), "0.29", "レーテンニーキュー"),
        ("number", 1.005, (2,), "1.01", "イッテンゼロイチ"),
        ("percent", 2.5, (), "3パーセント", "サンパーセント"),
        ("temperature", -2.25, (), "マイナス2.3度", "マイナスニテンサンド"),
        ("temperature", "-2.5", (0,), "マイナス3度", "マイナスサンド"),
        ("count", 0.25, ("本",), "0.3本", "レーテンサンホン"),
        ("duration", 2.5, (), "3秒", "サンビョウ"),
        ("duration", 630, (), "11分", "ジュウイップン"),
        ("compared", 18.3, (15.8,), "昨日より3度高い", "キノウヨリサンドタカイ"),
        ("compared", 18.2, (18.4,), "昨日と同じ", "キノウトオナジ"),
        ("compared", 5, (2, "多い", "少ない"), "昨日より3度多い", "キノウヨリサンドオオイ"),
        ("listed", ["牛乳", "パン"], (), "牛乳とパン", "ギュウニュウトパン"),
        ("listed", ["牛乳", "パン", "卵"], (), "牛乳、パン、卵", "ギュウニュウパンタマゴ"),
    ],
)
def test_what_is_written_and_how_it_is_read(
    name: str, value: Any, arguments: tuple[Any, ...], written: str, reading: str
) -> None:
    text = FILTERS[name](value, *arguments)

    assert text == written
    assert heard(text) in accepted(reading)


def test_comparisons_in_other_words() -> None:
    compared = FILTERS["compared"]

    assert compared(12, 4.5, "多い", "少ない", than="先週", unit="ミリ", digits=1) == "先週より7.5ミリ多い"
    assert compared(3, 4, "遅い", "早い", unit="分") == "昨日より1分早い"


@pytest.mark.parametrize(
    ("name", "value", "arguments", "result"),
    [
        ("join", [1, 2.5, "三"], ("、",), "1、2.5、三"),
        ("join", [{"summary": "歯医者"}, {"summary": "会議"}], ("と", "summary"), "歯医者と会議"),
        ("replace", "くもり　時々　雨", ("　", ""), "くもり時々雨"),
        ("split", "a,b", (",",), ["a", "b"]),
        ("trim", " a ", (), "a"),
        ("round", 2.5, (), 2),
        ("round", "2.345", (1,), 2.3),
        ("int", "3.9", (), 3),
        ("float", "3.5", (), 3.5),
        ("sum", [1, "2", 3.5], (), 6.5),
    ],
)
def test_tools(name: str, value: Any, arguments: tuple[Any, ...], result: Any) -> None:
    assert FILTERS[name](value, *arguments) == result


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", None),
        ("temperature", "unavailable"),
        ("temperature", float("nan")),
        ("temperature", [1]),
        ("temperature", True),
        ("percent", "1e400"),
        ("date", "soon"),
        ("date", {}),
        ("clock", date(2026, 11, 20)),
        ("clock", "25:99"),
        ("clock", "2026-11-20"),
        ("clock", "7:30 PM"),
        ("clock", "07:30Z"),
        ("clock", "12:345"),
        ("clock", 1e300),
        ("duration", -5),
        ("listed", "text"),
        ("listed", [None]),
        ("join", 5),
        ("sum", [[1]]),
        ("jma", {"error": "not found"}),
        ("jma", [{"timeSeries": []}]),
    ],
)
def test_what_makes_no_sense_is_an_error_and_never_words(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        FILTERS[name](value)
    assert isinstance(caught.value, FilterError) or name == "jma"


FORECAST = [
    {
        "publishingOffice": "気象庁",
        "reportDatetime": "2026-11-20T05:00:00+09:00",
        "timeSeries": [
            {
                "timeDefines": ["2026-11-20T05:00:00+09:00", "2026-11-21T00:00:00+09:00", "2026-11-22T00:00:00+09:00"],
                "areas": [
                    {
                        "area": {"name": "東京地方", "code": "130010"},
                        "weathers": ["くもり　昼過ぎ　から　晴れ　所により　雨", "晴れ", "晴れ　時々　くもり"],
                    },
                    {"area": {"name": "伊豆諸島北部", "code": "130020"}, "weathers": ["雨", "くもり", "晴れ"]},
                ],
            },
            {
                "timeDefines": [
                    *("2026-11-20T06:00:00+09:00", "2026-11-20T12:00:00+09:00", "2026-11-20T18:00:00+09:00"),
                    *("2026-11-21T00:00:00+09:00", "2026-11-21T06:00:00+09:00"),
                ],
                "areas": [
                    {"area": {"name": "東京地方", "code": "130010"}, "pops": ["60", "20", "10", "0", "10"]},
                    {"area": {"name": "伊豆諸島北部", "code": "130020"}, "pops": ["80", "70", "30", "", ""]},
                ],
            },
            {
                "timeDefines": [
                    *("2026-11-20T09:00:00+09:00", "2026-11-20T00:00:00+09:00"),
                    *("2026-11-21T00:00:00+09:00", "2026-11-21T09:00:00+09:00"),
                ],
                "areas": [
                    {"area": {"name": "東京", "code": "44132"}, "temps": ["16", "16", "7", "18"]},
                    {"area": {"name": "大島", "code": "44172"}, "temps": ["17", "17", "12", "19"]},
                ],
            },
        ],
    }
]


def test_the_forecast_of_the_jma() -> None:
    jma = FILTERS["jma"]

    assert jma(FORECAST) == {
        "today": {"weather": "くもり昼過ぎから晴れ、所により雨", "rain": 60, "high": 16.0},
        "tomorrow": {"weather": "晴れ", "rain": 10, "low": 7.0, "high": 18.0},
    }
    assert jma(FORECAST, "伊豆諸島北部")["tomorrow"] == {"weather": "くもり", "low": 12.0, "high": 19.0}
    assert jma(FORECAST, "東京地方", "大島")["today"]["high"] == 17.0
    with pytest.raises(ValueError, match="there is no 大阪府 in this forecast, there are 東京地方、伊豆諸島北部"):
        jma(FORECAST, "大阪府")


def test_rain_is_that_of_the_hours_to_come() -> None:
    noon = filters(TOKYO, lambda: datetime(2026, 11, 20, 12, 30, tzinfo=TOKYO))

    assert noon["jma"](FORECAST)["today"]["rain"] == 20


def test_yesterdays_forecast_says_nothing_of_today() -> None:
    later = filters(TOKYO, lambda: datetime(2026, 11, 25, 7, tzinfo=TOKYO))

    assert later["jma"](FORECAST)["today"] == {}
