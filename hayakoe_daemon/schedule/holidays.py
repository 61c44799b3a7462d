"""Public holidays, by law: the fixed ones, the Mondays, the equinoxes, 振替休日 and 国民の休日."""

from __future__ import annotations

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=4096)
def is_holiday(day: date) -> bool:
    """True on a public holiday of Japan. The equinoxes of coming years are computed: they are known a year ahead."""
    # Imported at the first question: most alarms never ask.
    import jpholiday  # noqa: PLC0415

    return bool(jpholiday.is_holiday(day))
