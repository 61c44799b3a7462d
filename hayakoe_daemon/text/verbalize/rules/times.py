"""Times of day and lengths of time."""

from __future__ import annotations

import re

from hayakoe_daemon.text.verbalize import numbers
from hayakoe_daemon.text.verbalize.rule import rule
from hayakoe_daemon.text.verbalize.speech import DIGITS, START, counted, number

_HALVES = {"a": "午前", "p": "午後"}
_AM_PM = r"(?:[AaPp]\.?[Mm]\.?)"
_LENGTH_BEFORE = re.compile(
    r"(?:残り(?:時間)?|あと|タイマー|経過(?:時間)?|(?<![ァ-ヶー])タイム|ラップ|(?:再生|通話|演奏|収録)時間|カウントダウン)"
    r"[はがを:]? ?(?:約 ?)?$"
)
"""1:15 behind these is minutes and seconds."""
_HOURS_BEFORE = re.compile(
    r"(?:所要(?:時間)?|睡眠|(?:睡眠|移動|運転|乾燥|洗濯|録画|充電|滞在|残業|学習|勉強|飛行|走行|調理|加熱|日照|停電|運動|"
    r"動作|発電|視聴)時間|(?:到着|出発|開始|完了|終了|[炊沸]き?[上あ]がり)まで(?:あと|残り)?|"
    r"(?:洗濯|乾燥|脱水|炊飯|食洗|食器洗|充電|録画|掃除|目的地|フライト)[^。\n]{0,12}(?:残り(?:時間)?|経過(?:時間)?|あと))"
    r"[はがを:]? ?(?:約 ?)?$"
)
"""1:15 behind these is hours and minutes."""
_RANGE_AFTER = re.compile(" ?[〜~–-]")
_LENGTH_AFTER = re.compile("[のが]?(?:タイマー|経過)")
_PARTICLE = re.compile(
    r"に[、。一-龠ァ-ヶ\ue0000-9]|(?:から|まで|より|です|でし|頃|ごろ|現在|時点|発|着)|[はがをでとも](?![ぁ-ん])"
)
"""What belongs to a time before it; に of にんじん does not."""


def minutes(written: str) -> str:
    """Minutes after an hour: 05 is レイゴフン, 00 is not said."""
    number = int(written)
    if number == 0:
        return ""
    return ("レイ" if written[0] == "0" and len(written) == 2 else "") + counted(str(number), "分")


def _half(written: str | None) -> str:
    return _HALVES[written[0].lower()] if written else ""


def _clock(found: re.Match[str]) -> str | None:
    hour, minute, second = int(found["h"]), found["m"], found["s"]
    tenths = found["tenths"] or ""
    before = found.string[max(0, found.start() - 26) : found.start()]
    is_window = _RANGE_AFTER.match(found.string, found.end())
    if hour < 10 and not second and not is_window and _HOURS_BEFORE.search(before):
        return _length(hour, minute, "00")
    is_length = _LENGTH_BEFORE.search(before) and not is_window
    if second and (is_length or _LENGTH_AFTER.match(found.string, found.end())):
        return _length(hour, minute, second, tenths)
    if not second and (is_length or tenths):
        return _length(0, str(hour), minute, tenths)
    if hour > 29:
        return None
    seconds = counted(str(int(second)), "秒") if second and int(second) else ""
    words = (
        _half(found["am"] or found["pm"])
        + counted(str(hour), "時")
        + (minutes(minute) or ("零分" if seconds else ""))
        + seconds
    )
    return words + ("から" if found["open"] else "") + _rest(found)


def _length(hours: int, minute: str, second: str, tenths: str = "") -> str:
    """Hours, minutes and seconds, but for those that are none; `tenths` are the digits behind the seconds."""
    amounts = ((hours, "時間"), (int(minute), "分"), (int(second), "秒"))
    words = "".join(counted(str(amount), unit) for amount, unit in amounts if amount or (tenths and unit == "秒"))
    return (words or counted("0", "秒")) + (numbers.digits(tenths) if len(tenths) > 1 else numbers.kanji_digits(tenths))


def _rest(found: re.Match[str]) -> str:
    """A pause where a space stood before more words, but for what belongs to the time."""
    after = found.string[found.end() : found.end() + 2]
    return "、" if found["sp"] and re.match(r"\w", after) and not _PARTICLE.match(after) else ""


def _hours_and_minutes(found: re.Match[str]) -> str:
    hours = counted(found["h"], "時間") if found["h"] else ""
    return hours + counted(str(int(found["m"])), "分") + (counted(str(int(found["s"])), "秒") if found["s"] else "")


RULES = (
    rule(
        "time.clock",
        rf"(?:(?<![A-Za-z])(?P<am>{_AM_PM}) ?)?(?<![0-9.])(?<![0-9A-Za-z:]:)(?P<h>[0-9]{{1,2}}):(?P<m>[0-5][0-9])"
        r"(?::(?P<s>[0-5][0-9]))?(?:\.(?P<tenths>[0-9]{1,6}))?(?![0-9:])"
        r"(?(s)(?:Z|[+-][0-9]{2}:?[0-9]{2})?)"
        rf"(?: ?(?P<pm>{_AM_PM})(?![A-Za-z]))?(?P<open>-(?=[ 、。)\n]|$))?(?P<sp> )?",
        _clock,
        ("7:30に起きる", "七時三十分に起きる"),
        ("電車は7:45発", "電車は七時四十五分発"),
        ("19:05に帰宅", "十九時レイゴフンに帰宅"),
        ("9:00〜18:00", "九時から十八時"),
        ("AM6:00に起動", "午前六時に起動"),
        ("11:15 PM", "午後十一時十五分"),
        ("0:00を過ぎた", "レージを過ぎた"),
        ("23:59:08", "二十三時五十九分八秒"),
        ("残り1:30です", "残り一分三十秒です"),
        ("19:30 会議", "十九時三十分、会議"),
        ("18:07 に帰宅", "十八時レイ七分に帰宅"),
        ("0:15:00のタイマー", "十五分のタイマー"),
        ("所要時間 1:15", "所要時間 一時間十五分"),
        ("洗濯機の残り1:05", "洗濯機の残り一時間ゴフン"),
        ("ラップ 1:02.5", "ラップ 一分二秒五"),
        ("起床:6:30", "起床、六時三十分"),
        ("9:00- 参観日", "九時から、参観日"),
    ),
    rule(
        "time.primes",
        r"(?<![0-9A-Za-z.])(?P<m>[0-9]{1,3})['′](?P<s>[0-5][0-9])(?:\"|′′|'')",
        lambda found: _length(0, found["m"], found["s"]),
        ("5′30″", "ゴフン三十秒"),
        ("1km 4'05\"", "一キロメートル、四分五秒"),
    ),
    rule(
        "time.hour_am_pm",
        rf"(?:(?<![A-Za-z])(?P<am>{_AM_PM}) ?(?<![0-9])(?P<h>[01]?[0-9])時|"
        rf"(?<![0-9.:])(?P<h2>[01]?[0-9]) ?(?P<pm>{_AM_PM})(?![A-Za-z]))",
        lambda found: _half(found["am"] or found["pm"]) + counted(str(int(found["h"] or found["h2"])), "時"),
        ("PM3時", "午後三時"),
        ("7am", "午前七時"),
        ("10 p.m.まで", "午後十時まで"),
    ),
    rule(
        "time.minute_after_hour",
        r"(?<=時)(?<!毎時) ?(?P<m>[0-5]?[0-9])分(?![のの]1)",
        lambda found: minutes(found["m"]),
        ("4時4分", "四時四分"),
        ("19時05分", "十九時レイゴフン"),
        ("7時10分", "七時ジュップン"),
    ),
    rule(
        "time.seconds_after_minutes",
        r"(?<=[分\ue000]) ?0(?P<s>[0-9])秒",
        lambda found: "" if found["s"] == "0" else counted(found["s"], "秒"),
        ("7時30分05秒", "七時三十分五秒"),
    ),
    rule(
        "time.every_hour",
        r"毎時0?0分",
        "毎時レーフン",
        ("毎時00分", "毎時レーフン"),
    ),
    rule(
        "time.midnight",
        r"(?<![0-9.])0時(?!間)",
        "レージ",
        ("0時に消灯", "レージに消灯"),
    ),
    rule(
        "time.hours_minutes",
        rf"{START}(?:(?P<h>[0-9]{{1,3}}) ?(?:h|hr|hours?) ?)(?P<m>[0-9]{{1,2}}) ?(?:m|min|"
        rf"mins)?(?: ?(?P<s>[0-9]{{1,2}}) ?(?:s|sec))?(?![0-9A-Za-z])",
        _hours_and_minutes,
        ("あと1h30m", "あと一時間三十分"),
        ("2h 15min", "二時間十五分"),
    ),
    rule(
        "time.minutes_seconds",
        rf"{START}(?P<h>(?!))?(?P<m>[0-9]{{1,3}}) ?m(?:in)? ?(?P<s>[0-9]{{1,2}}) ?s(?:ec)?(?![0-9A-Za-z])",
        _hours_and_minutes,
        ("3m20s", "三分二十秒"),
    ),
    rule(
        "time.bu",
        r"(?<![0-9.])(?P<n>[1-9])分(?=咲|袖|丈|づき|づけ|がゆ|粥|刈|搗)|(?<=割)(?P<n2>[1-9])分",
        lambda found: number(found["n"] or found["n2"]) + "ブ",
        ("5分咲き", "五ブ咲き"),
        ("6割5分", "六割五ブ"),
    ),
    rule(
        "time.parted",
        rf"{START}(?P<n>{DIGITS})分(?=割|類|析|解|野|布|配|岐)",
        lambda found: counted(found["n"], "分割")[:-1],
        ("3分割の画面", "三分割の画面"),
    ),
)
