"""Characters as they are meant: half-width kana, compatibility forms and variant kanji become the ordinary ones."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from hayakoe_daemon.text.verbalize import tables

_KEPT = frozenset("！？²³¹⁰⁴⁵⁶⁷⁸⁹½⅓⅔¼¾⅕⅛℃℉Ω℡№™…‥～’´¨゛゜ﾞﾟ") | frozenset(
    chr(code)
    for first, last in ((0x2160, 0x217F), (0x2460, 0x24FF), (0x3200, 0x32FE), (0x2080, 0x2089))
    for code in range(first, last + 1)
)
"""What NFKC would tear apart, and rules have words for."""

_SQUARE = {
    "㎡": "m²",
    "㎢": "km²",
    "㎠": "cm²",
    "㎟": "mm²",
    "㎥": "m³",
    "㎤": "cm³",
    "㎣": "mm³",
    "㎦": "km³",
    "㎧": "m/s",
    "㎨": "m/s²",
}
_RANGES = (
    (0x00A0, 0x00FF), (0x0132, 0x0149), (0x01C4, 0x01F3), (0x1D2C, 0x1D6A), (0x2000, 0x200A), (0x2011, 0x2011),
    (0x2024, 0x2026), (0x202F, 0x2057), (0x2070, 0x209F), (0x2100, 0x218F), (0x2E80, 0x2FDF), (0x3000, 0x3000),
    (0x3131, 0x318E), (0x3192, 0x33FF), (0xF900, 0xFAFF), (0xFB00, 0xFB06), (0xFE30, 0xFE6F), (0xFF01, 0xFFEE),
    (0x1D400, 0x1D7FF), (0x1F100, 0x1F16F), (0x2F800, 0x2FA1F),
)  # fmt: skip
"""Where the characters are that NFKC makes ordinary ones."""

_UNSPEAKABLE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff\ud800-\udfff\x00-\x09\x0b-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_HYPHENS = re.compile("(?<=[0-9A-Za-z])[\u2010\u2011\u2012\u2212\ufe63](?=[0-9A-Za-z])|[\u2212\u02d7](?=[0-9])")


@cache
def _meant() -> dict[int, str]:
    table = {
        code: plain
        for first, last in _RANGES
        for code in range(first, last + 1)
        if chr(code) not in _KEPT and (plain := unicodedata.normalize("NFKC", chr(code))) != chr(code)
    }
    table |= {ord(character): plain for character, plain in (_SQUARE | tables.pairs("variants")).items()}
    table |= {0x00B5: "μ", 0x2126: "Ω", 0x2044: "/", 0x2215: "/", 0x00A5: "¥", 0xFFE5: "¥", 0x301C: "〜", 0xFF5E: "〜"}
    table |= dict.fromkeys(map(ord, "º˚"), "°")  # as keyboards have them
    return table


def prepared(text: str) -> str:
    """The text that rules look at. Any str will do; line ends stay."""
    if text.isascii() and text.isprintable():
        return text
    plain = _INVISIBLE.sub("", _UNSPEAKABLE.sub(" ", text)).translate(_meant())
    # half-width ｶﾞ is now カ and a combining mark
    return _HYPHENS.sub("-", unicodedata.normalize("NFC", plain.replace("ﾞ", "\u3099").replace("ﾟ", "\u309a")))
