"""The phones that Style-Bert-VITS2 JP-Extra voices know, and the numbers they know them by.

The numbers are those of one table over Chinese, Japanese and English; only what Japanese text can become stands here.
"""

from __future__ import annotations

EDGE = "_"
"""The phone before and after every sentence."""

PUNCTUATION = frozenset(".,!?'-")
"""Each is a phone of its own, with tone 0."""

BLANK_ID = 0
TONE_OFFSET = 6
"""Japanese tones follow those of Chinese: low is 6, high is 7."""
LANGUAGE_ID = 1

PHONE_IDS = {
    "_": 0, "N": 5, "a": 8, "b": 19, "by": 20, "ch": 22, "d": 23, "dy": 25, "e": 26, "f": 34, "g": 35, "gy": 36,
    "h": 37, "hy": 39, "i": 40, "j": 55, "k": 57, "ky": 58, "m": 60, "my": 61, "n": 62, "ny": 64, "o": 65, "p": 71,
    "py": 72, "q": 73, "r": 74, "ry": 75, "s": 76, "sh": 77, "t": 78, "ts": 80, "ty": 81, "u": 82, "v": 93, "w": 97,
    "y": 99, "z": 100, "!": 103, "?": 104, ",": 106, ".": 107, "'": 108, "-": 109,
}  # fmt: skip
