"""Which sentences hardly come again: those with a clock time, a date, a temperature, an amount."""

from __future__ import annotations

import re

_KANJI = "〇零一二三四五六七八九十百千万億"

_COUNTERS = (
    *"時分秒日月年度円件個人回台本枚階番号点割歩匹冊杯倍皿通便着丁歳才泊名",
    *("週", "か月", "ヶ月", "カ月", "つ", "パー", "ミリ", "センチ", "メートル", "キロ", "グラム", "トン", "リットル"),
    *("ワット", "ボルト", "アンペア", "ヘクト", "ルクス", "デシベル", "ドル", "ユーロ", "マイナス", "ポイント"),
    *("ビット", "バイト", "メガ", "ギガ", "テラ", "マイクロ", "ヘルツ", "ページ", "カロリー", "ノット", "マイル"),
)

_SET_WORDS = (
    "一緒",
    "一番",
    "一度に",
    "一部",
    "一般",
    "一応",
    "一方",
    "一時停止",
    "一人暮らし",
    "十分に",
    "万が一",
    "三日月",
)
"""Words that only look like an amount."""

_KANA = (
    "(?:ゼロ|レー|イチ|イッ|ニー?|サン|ヨン|ゴー?|ロク|ロッ|ナナ|ハチ|ハッ|キュー|ク|ジュー|ジュッ|ジッ|[ヒビピ]ャク|"
    "[ヒビピ]ャッ|[セゼ]ン|マン|オク|チョー|テン)"
)
_KANA_COUNTERS = "(?:[フプ]ン|ジ|ビョー|ニチ|ガツ|ネン|ド|エン|[カガ]イ|ケン|コ|ダイ|[ホボポ]ン|マイ|ニン|バン|ツー?)"

_NUMBER = re.compile(
    rf"\d|零|[{_KANJI}]{{2,}}|[{_KANJI}](?:{'|'.join(_COUNTERS)})"
    rf"|(?<![ァ-ヶー]){_KANA}+{_KANA_COUNTERS}(?![ァ-ヶー])|(?<![ァ-ヶー]){_KANA}{{2,}}(?![ァ-ヶー])"
)
_SET = re.compile("|".join(_SET_WORDS))


def says_a_number(text: str) -> bool:
    """True where a sentence, numbers in it already made words (七時三十分, 二十三点五度, ジュップン), says one.

    By its characters alone, so a false alarm happens (二人静); it costs no more than that the sentence is made again.
    A number that is part of a word (千葉, 一緒) is none.
    """
    return _NUMBER.search(_SET.sub("、", text)) is not None
