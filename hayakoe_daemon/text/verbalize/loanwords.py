"""English words that no table knows, in katakana: by kanalizer's model. The only import of kanalizer."""

from __future__ import annotations

import re
from functools import lru_cache

_SAYABLE = re.compile(r"[a-z]{2,16}")


@lru_cache(maxsize=4096)
def guessed(word: str) -> str | None:
    """The word as a Japanese speaker would say it; None where that is no word. Some milliseconds at first."""
    if not _SAYABLE.fullmatch(word):
        return None
    import kanalizer  # noqa: PLC0415, its model is unpacked on import, and many homes never need it

    return kanalizer.convert(word, on_incomplete="ignore") or None
