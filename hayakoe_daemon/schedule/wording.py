"""What an alarm says of itself: how late it is, in Japanese; and what was missed, as one summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import MAX_TEXT

NOT_LATE = 10.0
"""Seconds that nobody calls late."""

MOST_MISSED = 10
"""Alarms that one summary names."""


def lateness(seconds: float) -> str:
    """`3分遅れです。`; nothing where it is not worth saying."""
    if seconds < NOT_LATE:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if not hours and not minutes:
        return f"{rest}秒遅れです。"
    return f"{f'{hours}時間' if hours else ''}{f'{minutes}分' if minutes else ''}遅れです。"


def lateness_note(seconds: float) -> str | None:
    """The same for a program's reader: `3 min late`."""
    if seconds < NOT_LATE:
        return None
    return f"{seconds / 60:.0f} min late" if seconds >= 60 else f"{seconds:.0f} s late"


def summary(missed: Sequence[tuple[float, str]], zone: ZoneInfo, now: float) -> str:
    """One announcement for all that was missed: their due times and what they would have said."""
    today = datetime.fromtimestamp(now, zone).date()
    parts = ["鳴らせなかったアラームがあります。"]
    for due, text in missed[:MOST_MISSED]:
        at = datetime.fromtimestamp(due, zone)
        days = (today - at.date()).days
        day = {0: "", 1: "昨日の"}.get(days, f"{at.month}月{at.day}日の")
        parts.append(f"{day}{_clock(at)}、{_ended(text)}")
    if len(missed) > MOST_MISSED:
        parts.append(f"ほか{len(missed) - MOST_MISSED}件です。")
    return "".join(parts)[:MAX_TEXT]


def _clock(at: datetime) -> str:
    return f"{at.hour}時{at.minute}分" if at.minute else f"{at.hour}時"


def _ended(text: str) -> str:
    return text if text.endswith(("。", "！", "？", "!", "?")) else f"{text}。"
