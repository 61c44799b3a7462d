"""Numbers as words: in kanji, which OpenJTalk reads with the right accent, and in katakana, where it would misread."""

from __future__ import annotations

_KANJI = ("ゼロ", *"一二三四五六七八九")
_POWERS = ("", "万", "億", "兆", "京", "垓")
_POWERS_KANA = ("", "マン", "オク", "チョー", "ケー", "ガイ")
_ONES = ("", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュー")
_TENS = (
    "",
    "ジュー",
    "ニジュー",
    "サンジュー",
    "ヨンジュー",
    "ゴジュー",
    "ロクジュー",
    "ナナジュー",
    "ハチジュー",
    "キュージュー",
)
_HUNDREDS = (
    "",
    "ヒャク",
    "ニヒャク",
    "サンビャク",
    "ヨンヒャク",
    "ゴヒャク",
    "ロッピャク",
    "ナナヒャク",
    "ハッピャク",
    "キューヒャク",
)
_THOUSANDS = ("", "セン", "ニセン", "サンゼン", "ヨンセン", "ゴセン", "ロクセン", "ナナセン", "ハッセン", "キューセン")
_DIGITS = dict(
    zip("0123456789", ("ゼロ", "イチ", "ニー", "サン", "ヨン", "ゴー", "ロク", "ナナ", "ハチ", "キュー"), strict=True)
)

MOST = 10 ** (4 * len(_POWERS)) - 1
"""Above, nobody has words: digit by digit."""


def kanji(number: int) -> str:
    """12345 → 一万二千三百四十五; 0 → 零. ValueError outside 0 to MOST."""
    if not 0 <= number <= MOST:
        raise ValueError(f"{number} is not within 0-{MOST}")
    return "".join(_myriad_kanji(part, power) for power, part in _myriads(number)) or "零"


def kana(number: int) -> str:
    """12345 → イチマンニセンサンビャクヨンジューゴ; 0 → レー. ValueError outside 0 to MOST."""
    if not 0 <= number <= MOST:
        raise ValueError(f"{number} is not within 0-{MOST}")
    return "".join(_myriad_kana(part, power) for power, part in _myriads(number)) or "レー"


def last_part(number: int) -> int:
    """What is said last: 3 of 23, 10 of 110, 800 of 1800; 0 of 0."""
    part = 10
    while number and not number % part:
        part *= 10
    return number % part


def digits(text: str) -> str:
    """One by one: 0120 → ゼロイチニーゼロ; what is no ASCII digit goes."""
    return "".join(_DIGITS.get(character, "") for character in text)


def kanji_digits(text: str) -> str:
    """The digits after a decimal point, in kanji: 05 → ゼロ五."""
    return "".join(_KANJI[int(character)] for character in text)


def decimal(whole: int, fraction: str) -> str:
    """3, "05" → 三点ゼロ五: the digits after the point one by one."""
    return f"{kanji(whole)}点{kanji_digits(fraction)}"


def _myriads(number: int) -> list[tuple[int, int]]:
    """Groups of four digits that are not 0000, the highest first, each after its power of ten thousand."""
    parts = []
    power = 0
    while number:
        number, part = divmod(number, 10_000)
        if part:
            parts.append((power, part))
        power += 1
    return parts[::-1]


def _myriad_kanji(part: int, power: int) -> str:
    words = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十")):
        digit, part = divmod(part, unit)
        if digit:
            # 一千万, but 千五百: only before 万 and above the one is said.
            words += (
                "" if digit == 1 and not (unit == 1000 and power and not part and not words) else _KANJI[digit]
            ) + name
    return words + (_KANJI[part] if part else "") + _POWERS[power]


def _myriad_kana(part: int, power: int) -> str:
    thousands, hundreds, tens, ones = part // 1000, part // 100 % 10, part // 10 % 10, part % 10
    words = _THOUSANDS[thousands] + _HUNDREDS[hundreds] + _TENS[tens] + _ONES[ones]
    if power and part == 1000:
        words = "イッセン"
    if power >= 3:  # 兆 and 京 change the sound before them: 一兆 イッチョー
        for plain, sharp in (("イチ", "イッ"), ("ハチ", "ハッ"), ("ジュー", "ジュッ")):
            if words.endswith(plain):
                words = words.removesuffix(plain) + sharp
                break
    return words + _POWERS_KANA[power]
