"""English words that no table knows, in katakana: by kanalizer's model. The only import of kanalizer."""

from __future__ import annotations

import re
from functools import lru_cache

import kanalizer

_SAYABLE = re.compile(r"[a-z]{2,16}")


def load() -> None:
    """Unpack the model, so that no text has to wait for it. About 50 ms and 18 MB."""
    guessed("ok")


@lru_cache(maxsize=4096)
def guessed(word: str) -> str | None:
    """The word as a Japanese speaker would say it; None where that is no word. Some milliseconds at first."""
    if not _SAYABLE.fullmatch(word):
        return None
    return kanalizer.convert(word, on_incomplete="ignore") or None
