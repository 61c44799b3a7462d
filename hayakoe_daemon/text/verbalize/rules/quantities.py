"""Numbers with what they measure or count: signs, money, percent, temperatures, units, counters; and numbers alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from hayakoe_daemon.text.verbalize import numbers, tables
from hayakoe_daemon.text.verbalize.counters import Counter, counters
from hayakoe_daemon.text.verbalize.rule import rule
from hayakoe_daemon.text.verbalize.speech import NUMBER, START, counted, number

_UNITS = tables.pairs("units")
_PER = tables.pairs("per")
_CURRENCIES = {
    "¥": "円",
    "$": "ドル",
    "€": "ユーロ",
    "£": "ポンド",
    "₩": "ウォン",
    "¢": "セント",
    "JPY": "円",
    "USD": "ドル",
    "EUR": "ユーロ",
}
_SPOILED = ("ピー", "ヘルツ", "平方キロ", "ガロン")
"""Units before which OpenJTalk changes the number as before a counter."""

_LARGE = "[十百千万億兆]"
_OFTEN = {"日": "一日", "週": "週", "月": "月", "年": "年", "時": "一時間", "時間": "一時間", "分": "一分"}


def _alternation(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_COUNTERS = _alternation(counters())
_COUNTER_ALONE = rf"(?:{_COUNTERS})(?:(?![一-龠])|(?=[前後間目以程半頃毎弱強経遅待過未編]|[月火水木金土日]曜))"
"""What may stand apart from its number: 3 本, but not 3 本州."""


def _before_myriad(written: str) -> str:
    """千 alone, but 一千万."""
    words = number(written)
    return f"一{words}" if words == "千" else words


def _money(found: re.Match[str]) -> str:
    name = _CURRENCIES[found["c"]]
    large = found["l"] or ""
    amount = found["n"]
    if large or "." in amount or name != "円":
        return (_before_myriad(amount) if large else number(amount)) + large + name
    return counted(amount, "円")


def _tail_in_kana(amount: str, unit: str, per: str | None) -> str | None:
    """OpenJTalk would say ゴジュッピーピーエム, ゴジュッヘルツ, and ゴジューキロメートルマイジ."""
    plain = amount.replace(",", "")
    if not unit.startswith(_SPOILED + (("キ",) if per else ())) or not plain.isdigit():
        return None
    return Counter(unit, unit, "k" if unit.startswith("キ") else "-", misread=frozenset("*")).say(int(plain))


def _unit(found: re.Match[str]) -> str | None:
    unit, amount = found["u"], found["n"]
    said = _UNITS[unit]
    if unit in {"min", "mins"}:
        said = counted(amount, "分")
    elif unit in {"ea", "EA", "pcs"}:
        said = counted(amount, "個")
    elif unit == "deg" or said == "度":
        said = number(amount) + "度"
    else:
        said = _tail_in_kana(amount, said, found["per"]) or number(amount) + (found["l"] or "") + said
    if found["per"]:
        said += _PER[found["per"]]
    return said


def _per_unit(found: re.Match[str]) -> str:
    unit = found["u"]
    if unit in "個本枚袋箱泊台食":
        return f"、{counted('1', unit)}あたり"
    return _PER[unit] if unit in "日月年人回" else f"パー{_UNITS.get(unit, unit)}"


def _power(written: str) -> str:
    sign = "マイナス" if written.startswith("-") else ""
    return f"{sign}{numbers.kanji(int(written.lstrip('-')))}乗"


def _fahrenheit(found: re.Match[str]) -> str:
    is_said = found.string[max(0, found.start() - 2) : found.start()] == "華氏"
    return f"{'' if is_said else '華氏'}{number(found['n'])}度"


def _per_time(found: re.Match[str]) -> str:
    return f"{_OFTEN[found['t']]}に{counted(found['n'], found['c'])}"


def _unit_words(found: re.Match[str]) -> str:
    return _UNITS[found["square"]] if found["square"] else _UNITS[found["u"]] + _PER[found["per"]]


def _counted(found: re.Match[str]) -> str | None:
    return counted(found["n"], found["c"])


EARLY = (
    rule(
        "gap.after_number",
        rf"(?<=[0-9])(?P<w> +)(?=[0-9\ue000]|(?!{_COUNTER_ALONE}|[万億兆]|対応)[一-龠])",
        "、",
        ("震度3 千葉県", "震度三、千葉県"),
        ("A4 10枚", "エー四、十枚"),
    ),
    rule(
        "gap.after_quantity",
        rf"[0-9] ?(?:{_alternation(_UNITS)}|{_COUNTERS})(?<![年月日時間分秒])(?P<w> +)(?=[0-9\ue000一-龠ァ-ヶ])",
        "、",
        ("気温12℃ 湿度45%", "気温十二度、湿度四十五パーセント"),
    ),
    rule(
        "gap.after_time",
        rf"[0-9](?:{_COUNTERS})(?<=[月日時間分秒])(?P<w> +)(?=[一-龠ァ-ヶ])(?![前後間以程頃])",
        "、",
        ("21日 会議", "二十一日、会議"),
    ),
)
"""Where a space keeps two things apart that would run into one word; before numbers are read."""

RULES = (
    rule(
        "sign.minus",
        r"(?:(?<![0-9A-Za-z)\-ー一-龠])|(?<=[はがのにでをも時]))[-−－](?=[0-9¥$\ue000])|"
        r"(?<=[一-龠])[-−](?=[0-9]{1,3}(?:\.[0-9]{1,3})?(?:℃|度|%|dB|°))|(?<=[比差])[-−](?=[0-9¥$])",
        "マイナス",
        ("-6℃の朝", "マイナス六度の朝"),
        ("気温は-3.5℃", "気温はマイナス三点五度"),
        ("最低気温-3℃", "最低気温マイナス三度"),
        ("温度 -3℃", "温度 マイナス三度"),
    ),
    rule("sign.plus_minus", r"[±](?= ?[0-9])", "プラスマイナス", ("±0.5℃", "プラスマイナス零点五度")),
    rule("sign.plus", r"(?<![0-9A-Za-z)\ue000])[+](?=[0-9])", "プラス", ("+2℃", "プラス二度")),
    rule(
        "money.sign_first",
        rf"(?P<c>[¥$€£₩]|(?<![A-Za-z])(?:JPY|USD|EUR) ?) ?(?P<n>{NUMBER})(?P<l>{_LARGE}{{1,2}})?(?:円|ドル)?(?![0-9])",
        _money,
        ("¥1,280です", "千二百八十円です"),
        ("$15.99の請求", "十五点九九ドルの請求"),
        ("¥3万", "三万円"),
    ),
    rule(
        "money.sign_last",
        rf"{START}(?P<n>{NUMBER})(?P<l>{_LARGE}{{1,2}})? ?(?P<c>[¥$€£₩¢]|(?:JPY|USD|EUR)(?![A-Za-z]))",
        _money,
        ("50€のお釣り", "五十ユーロのお釣り"),
        ("100$です", "百ドルです"),
    ),
    rule(
        "money.per",
        r"(?<=円)/(?P<u>kWh|L|l|kg|g|m|m³|km|GB|回|人|月|年|日|時間?|h|[個本枚袋箱泊台食])(?![A-Za-z0-9])",
        _per_unit,
        ("31円/kWh", "三十一円パーキロワットアワー"),
        ("500円/月", "五百円、ひと月あたり"),
        ("500円/個", "五百円、一個あたり"),
    ),
    rule(
        "unit.fahrenheit",
        rf"{START}(?P<n>{NUMBER}) ?(?:℉|°F)",
        _fahrenheit,
        ("72°F", "華氏七十二度"),
        ("華氏100°F", "華氏百度"),
    ),
    rule(
        "unit.number",
        rf"{START}(?P<n>{NUMBER})(?P<l>[千万億]?) ?(?P<u>{_alternation(_UNITS)})(?:/(?P<per>{_alternation(_PER)}))?"
        r"(?:(?<=[℃%‰°])|(?![A-Za-z²³])(?![0-9](?![0-9,]{0,8}円)))",
        _unit,
        ("23.5℃", "二十三点五度"),
        ("50km/h", "ゴジュッキロメートルマイジ"),
        ("35μg/m³", "三十五マイクログラムマイ立方メートル"),
        ("35ug/m3", "三十五マイクログラムマイ立方メートル"),
        ("1,013hPa", "千十三ヘクトパスカル"),
        ("350lx", "三百五十ルクス"),
        ("300Mbps", "三百メガビーピーエス"),
        ("90min", "九十分"),
        ("50Hz", "ゴジューヘルツ"),
    ),
    rule(
        "unit.kelvin",
        rf"{START}(?P<n>[1-9][0-9]{{3,4}})K(?![A-Za-z0-9])",
        lambda found: f"{number(found['n'])}ケルビン",
        ("2700Kの電球", "二千七百ケルビンの電球"),
    ),
    rule(
        "unit.alone",
        rf"(?<![A-Za-z0-9])(?:(?P<u>{_alternation(unit for unit in _UNITS if len(unit) > 1 or unit in '℃%')})"
        rf"/(?P<per>{_alternation(_PER)})|(?P<square>[ckm]?m[²³]))(?![A-Za-z0-9²³])",
        _unit_words,
        ("km/hの表示", "キロメートルマイジの表示"),
    ),
    rule(
        "unit.degrees_after_words",
        r"(?<=[一-龠ぁ-んァ-ヶ0-9A-Za-z\ue000])(?P<u>℃|%|‰|°C|"
        rf"(?<=\ue000)(?:{_alternation(unit for unit in _UNITS if len(unit) > 1)}))(?![A-Za-z0-9])",
        lambda found: _UNITS[found["u"]],
        ("何℃ですか", "何度ですか"),
        ("home℃です", "ホーム度です"),
    ),
    rule(
        "count.per_time",
        rf"{START}(?P<n>{NUMBER})(?P<c>回|件|個|人|本|枚|杯|錠|食|台|匹|名|便)[/／](?P<t>{_alternation(_OFTEN)})(?![0-9一-龠])",
        _per_time,
        ("3回/日", "一日に三回"),
    ),
    rule(
        "count.people",
        rf"{START}(?P<n>1)人1人",
        "ヒトリヒトリ",
        ("1人1人に配る", "ヒトリヒトリに配る"),
    ),
    rule(
        "count.half_mats",
        rf"{START}4[畳帖]半",
        "ヨジョーハン",
        ("4畳半", "ヨジョーハン"),
    ),
    rule(
        "count.school_class",
        r"(?<=[0-9]年) ?(?P<n>[1-9][0-9]?)組",
        lambda found: f"{numbers.kana(int(found['n']))}クミ",
        ("6年1組", "六年イチクミ"),
        ("3年 2組", "三年ニクミ"),
    ),
    rule(
        "count.things",
        rf"{START}(?P<n>[1-9][0-9]{{1,3}})つ(?P<nth>目)?",
        lambda found: (
            "トー" if found["n"] == "10" and not found["nth"] else counted(found["n"], "個目" if found["nth"] else "個")
        ),
        ("10つ", "トー"),
        ("12つ目", "十二個目"),
    ),
    rule(
        "count.counter",
        rf"{START}(?P<n>{NUMBER})(?: (?={_COUNTER_ALONE}))?(?P<c>{_COUNTERS})(?!曜)",
        _counted,
        ("犬が3匹", "犬が三匹"),
        ("10個入り", "十個入り"),
        ("8個", "ハッコ"),
        ("3分タイマー", "三分タイマー"),
        ("10分後", "十分後"),
        ("1つ目", "一つ目"),
        ("3つ目", "ミッツメ"),
        ("20歳の誕生日", "ハタチの誕生日"),
    ),
    rule(
        "number.with_kanji",
        rf"{START}(?P<n>{NUMBER})(?={_LARGE})",
        lambda found: _before_myriad(found["n"]),
        ("1億2,000万円", "一億二千万円"),
        ("1,000万円", "一千万円"),
    ),
    rule(
        "number.ordinal",
        r"(?<![0-9A-Za-z.])(?P<n>[0-9]{1,3})(?:st|nd|rd|th)(?![A-Za-z0-9])",
        lambda found: {1: "ファースト", 2: "セカンド", 3: "サード"}.get(int(found["n"])) or number(found["n"]) + "番目",
        ("2nd", "セカンド"),
    ),
    rule(
        "number.exponent",
        rf"(?P<n>{NUMBER})(?:\^(?P<e>-?[0-9]{{1,3}})|(?P<s>[⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,3}}))(?![0-9])",
        lambda found: (
            f"{number(found['n'])}の" + _power(found["e"] or str(int(unicodedata.normalize("NFKC", found["s"]))))
        ),
        ("2^10は1024", "二の十乗は千二十四"),
        ("10³", "十の三乗"),
    ),
    rule(
        "number.batting",
        r"(?<=率)は?\.(?P<n>[0-9]{3})(?![0-9])",
        lambda found: "".join(
            f"{numbers.kanji(int(digit))}{unit}"
            for digit, unit in zip(found["n"], "割ブ厘", strict=True)
            if digit != "0"
        ),
        ("打率.325", "打率三割二ブ五厘"),
    ),
    rule(
        "number.point",
        r"(?<![0-9A-Za-z\ue000])\.(?P<n>[0-9]{1,6})(?![0-9.])",
        lambda found: numbers.decimal(0, found["n"]),
        ("確率は.5", "確率は零点五"),
    ),
    rule(
        "number.plain",
        rf"(?P<n>{NUMBER})",
        lambda found: number(found["n"]),
        ("24です", "二十四です"),
        ("12345", "一万二千三百四十五"),
        ("007", "ゼロゼロナナ"),
    ),
    rule("number.long", r"[0-9]++", lambda found: numbers.digits(found[0])),
    rule(
        "number.vulgar",
        "[½⅓⅔¼¾⅕⅛]",
        lambda found: {
            "½": "二ブンの一",
            "⅓": "三ブンの一",
            "⅔": "三ブンの二",
            "¼": "四ブンの一",
            "¾": "四ブンの三",
            "⅕": "五ブンの一",
            "⅛": "八ブンの一",
        }[found[0]],
        ("¼カップ", "四ブンの一カップ"),
    ),
)
