"""The life of one ringing: due, repeated, snoozed, over. Pure arithmetic, `now` is an argument everywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum, auto

from hayakoe_daemon.announcement import Announcement, EventType
from hayakoe_daemon.journal.alarm_ledger import Ringing, State
from hayakoe_daemon.schedule.alarm import Alarm

LEAST_PATIENCE = 60.0
"""Seconds that a ringing waits for a device or for its turn, however small the grace is."""

_ROUNDED = 1.0
"""Seconds; nobody repeats as often, and two instants that a clock took along differ by less."""

SOURCE = "alarm"


class Next(Enum):
    """What is to be done with a ringing."""

    WAIT = auto()
    DUE = auto()
    """Its instant has come: it rings from now on."""
    AGAIN = auto()
    """It rings once more."""
    OVER = auto()
    """It has come to its end."""
    UNHEARD = auto()
    """It has come to its end and nobody could hear it."""
    LATE = auto()
    """A snooze ended while nobody looked, too long ago."""


@dataclass(frozen=True, slots=True)
class Onward:
    """The next step, and the ringing after it; where it rings again it still needs its announcement's id."""

    what: Next
    ringing: Ringing


def onward(one: Ringing, alarm: Alarm, now: float) -> Onward:
    """What happens to this ringing by itself at `now`."""
    if one.state is State.ARMED:
        return _armed(one, alarm, now)
    if one.outcome is EventType.EXPIRED:
        return Onward(Next.UNHEARD, one)  # it was tried up to the limit of all its repeats
    if one.next_at is None:
        return Onward(Next.WAIT if one.outcome is None else _end(one), one)
    if now < one.next_at:
        return Onward(Next.WAIT, one)
    if one.state is State.SNOOZED:
        return _snoozed(one, one.next_at, alarm, now)
    return _repeated(one, one.next_at, alarm, now)


def _armed(one: Ringing, alarm: Alarm, now: float) -> Onward:
    if now < one.due:
        return Onward(Next.WAIT, one)
    if now - one.due > patience(alarm) and one.outcome is not EventType.FINISHED:
        return Onward(Next.UNHEARD, one)  # the clock went forward meanwhile
    return Onward(Next.DUE, replace(one, state=State.RINGING))


def _snoozed(one: Ringing, until: float, alarm: Alarm, now: float) -> Onward:
    if now - until > patience(alarm):
        return Onward(Next.LATE, one)
    next_at = repeat_after(alarm, until, now)
    return Onward(Next.AGAIN, replace(one, state=State.RINGING, rings=one.rings + 1, base=until, next_at=next_at))


def _repeated(one: Ringing, at: float, alarm: Alarm, now: float) -> Onward:
    later = repeat_after(alarm, one.base, now)
    if one.outcome is None:
        return Onward(Next.WAIT, replace(one, next_at=later))  # it still waits, or is being said: that is the repeat
    last = one.base + series(alarm)
    if at > last + _ROUNDED:
        return Onward(Next.OVER, one)  # its repeats were taken back or made fewer meanwhile
    if now - last > patience(alarm):
        return Onward(Next.OVER, one)  # nobody looked at it for so long
    return Onward(Next.AGAIN, replace(one, rings=one.rings + 1, next_at=later))


def _end(one: Ringing) -> Next:
    return Next.UNHEARD if one.outcome is EventType.FAILED else Next.OVER


def series(alarm: Alarm) -> float:
    """Seconds from the first ringing to the last repeat."""
    return 0.0 if alarm.repeat is None else _times(alarm) * alarm.repeat.every


def _times(alarm: Alarm) -> int:
    """Repeats after the first ringing."""
    repeat = alarm.repeat
    if repeat is None:
        return 0
    limits = [repeat.times] if repeat.times is not None else []
    if repeat.within is not None:
        limits.append(math.floor(repeat.within / repeat.every + 1e-9))
    return min(limits)


def repeat_after(alarm: Alarm, base: float, now: float) -> float | None:
    """When the first repeat after `now` is due, in a row that began at `base`; None where no more comes."""
    if alarm.repeat is None:
        return None
    number = max(1, math.floor((now - base) / alarm.repeat.every + 1e-9) + 1)
    return base + number * alarm.repeat.every if number <= _times(alarm) else None


def patience(alarm: Alarm) -> float:
    """Seconds that a ringing may wait to be heard."""
    return max(alarm.grace, LEAST_PATIENCE)


def until(alarm: Alarm, one: Ringing, at: float) -> float:
    """How long it is tried to make a ringing that begins at `at` heard."""
    return max(at + patience(alarm), one.base + series(alarm))


def announcement(alarm: Alarm, one: Ringing, text: str, *, now: float, starts_at: float) -> Announcement:
    """What is said for a ringing. `text` is the alarm's, put together; an alarm is never silent."""
    ramp = alarm.ramp
    ramp_at = max(0.0, starts_at - one.base) if ramp else 0.0
    silent = not text and not alarm.sound and not alarm.chime
    return Announcement(
        id=one.id,
        text=text,
        source=SOURCE,
        accepted_at=now,
        voice=alarm.voice,
        style=alarm.style,
        volume=alarm.volume,
        priority=alarm.priority,
        chime=True if silent else alarm.chime,
        sound=alarm.sound,
        expires_at=until(alarm, one, starts_at),
        starts_at=starts_at,
        sound_for=max(0.0, ramp.over - ramp_at) if ramp and alarm.sound else None,
        ramp_from=ramp.start if ramp else None,
        ramp_over=ramp.over if ramp else 0.0,
        ramp_at=ramp_at,
    )
