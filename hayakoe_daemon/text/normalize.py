"""Text to the characters that the voices were trained on: letters, kana, kanji and seven marks.

What comes out holds nothing but these; what they cannot express is gone.
"""

from __future__ import annotations

import re
import unicodedata

_MARKS = {
    ",": "、，・·",
    ".": "。．$\n",
    "!": "！",
    "?": "？",
    "-": "\u02d7\u2010\u2012\u2013\u2014\u2015\u2043\u2212\u23af\u23e4\u2500\u2501\u2e3a\u2e3b",
    "'": "\"'‘’“”()[]（）《》【】「」",
    "ー": "~\u301c\uff5e",
}
"""What each mark stands for, besides itself."""

_TO_MARKS = {ord(character): mark for mark, characters in _MARKS.items() for character in characters}
_TO_MARKS[ord("…")] = "..."

_FOREIGN = re.compile(
    "[^"
    ".,!?'\\-"
    "0-9A-Za-z０-９Ａ-Ｚａ-ｚ"
    "\u0370-\u03ff\u1f00-\u1fff"  # Greek
    "\u3005\u3007"  # 々〇
    "\u3040-\u3098\u309b-\u30fa\u30fc-\u30ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff"  # kanji
    "\ue000-\uf8ff"  # stand for the user's words (text.user_words); those in the text itself are gone by then
    "]+"
)


def normalize(text: str) -> str:
    """The text in the voices' characters, each as it is written in half width or full (NFKC). Any str will do."""
    return in_marks(unicodedata.normalize("NFKC", text))


def in_marks(text: str) -> str:
    """The text with its punctuation made one of the seven marks, and nothing left that no voice knows."""
    return _FOREIGN.sub("", text.replace("・・・", "...").translate(_TO_MARKS))
