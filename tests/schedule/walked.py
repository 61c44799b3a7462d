"""Wall clocks looked at minute by minute: zoneinfo says what they show, and nothing else is taken from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hayakoe_daemon.schedule.alarm import Alarm
from hayakoe_daemon.schedule.alarm_fields import read_alarm_fields

MINUTE = timedelta(minutes=1)


def alarm(name: str = "it", **fields: object) -> Alarm:
    return read_alarm_fields(fields).alarm(name)


class Walk:
    """Every minute of a stretch of time in one zone, from `begin` to before `end` (naive, UTC)."""

    def __init__(self, zone: str, begin: datetime, end: datetime) -> None:
        self.first_at: dict[datetime, datetime] = {}
        """What the wall shows, to the first instant at which it does."""
        self.skipped: dict[datetime, datetime] = {}
        """What the wall never shows, to the instant so much after the jump as it is after the last minute before."""
        info = ZoneInfo(zone)
        moment, before = begin.replace(tzinfo=UTC), None
        while moment < end.replace(tzinfo=UTC):
            wall = moment.astimezone(info).replace(tzinfo=None, fold=0)
            self.first_at.setdefault(wall, moment)
            if before is not None:
                lost, late = before + MINUTE, moment
                while lost < wall:
                    self.skipped[lost] = late
                    lost, late = lost + MINUTE, late + MINUTE
            before = wall
            moment += MINUTE

    def instants(self, walls: Iterable[datetime]) -> list[float]:
        """The instants of those times, each once, in order; times outside the stretch are left out."""
        found = (self.first_at.get(wall) or self.skipped.get(wall) for wall in walls)
        return sorted({moment.timestamp() for moment in found if moment is not None})


@lru_cache
def year(zone: str, of: int) -> Walk:
    """A year and a day more at both ends, so that it is whole in every zone."""
    return Walk(zone, datetime(of - 1, 12, 31), datetime(of + 1, 1, 2))  # noqa: DTZ001


def days(begin: datetime, count: int) -> list[datetime]:
    return [begin + timedelta(days=number) for number in range(count)]
