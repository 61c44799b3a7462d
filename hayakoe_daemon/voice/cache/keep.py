"""What becomes of a sentence's sound once it has been made."""

from __future__ import annotations

from enum import Enum


class Keep(Enum):
    """Given with a sentence, in its Manner."""

    NORMAL = "normal"
    """Kept, unless it says a number: such a sentence hardly comes again, and SD cards wear by writing."""
    AHEAD = "ahead"
    """Made before its time, to be heard soon: kept whatever it says."""
    PINNED = "pinned"
    """Kept, and not dropped to make room for others."""
    NEVER = "never"
    """Made anew and not kept, as `seed: random` wants it."""

    @property
    def looks(self) -> bool:
        """True where a sound from the cache will do."""
        return self is not Keep.NEVER

    def writes(self, *, changing: bool) -> bool:
        """True where the sound is kept; `changing` as `changing.says_a_number` tells of the text."""
        return self in (Keep.AHEAD, Keep.PINNED) or (self is Keep.NORMAL and not changing)
