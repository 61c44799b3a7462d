"""Days of the week as people write them: `weekdays`, `mon-fri`, `月・水・金`, `第2・第4水曜`, `last fri`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from hayakoe_daemon.fields.payload_error import did_you_mean

LAST = -1
DAYS_ALLOWED = (
    "days such as mon, mon-fri, weekdays, weekend, daily, 2nd,4th wed, last fri, or 月・水・金, 月〜金, 平日, 週末, "
    "毎日, 第2・第4水曜, 最終金曜; or a list of such"
)

_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_JAPANESE = "月火水木金土日"
_GROUPS = {
    "weekdays": range(5),
    "weekday": range(5),
    "平日": range(5),
    "weekends": range(5, 7),
    "weekend": range(5, 7),
    "週末": range(5, 7),
    "daily": range(7),
    "everyday": range(7),
    "毎日": range(7),
}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": LAST, "最終": LAST, "最後": LAST}
_KANJI_DIGITS = str.maketrans("一二三四五", "12345")

_TOKEN = re.compile(
    r"(?P<group>weekdays?|weekends?|daily|every ?day|平日|週末|毎日)"
    r"|(?P<weekday>(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?(?![a-z])|[月火水木金土日](?:曜日?)?)"
    r"|(?P<ordinal>[1-5](?:st|nd|rd|th)\b|第?[1-5](?![a-z\d]|日(?!曜))|第[一二三四五]|first|second|third|fourth|fifth|last|最終|最後)"
    r"|(?P<every>every|毎週)"
    r"|(?P<range>[-~–〜]|から)"
    r"|(?P<between>[,、・/\s]|と|の|and\b|毎月)"
    r"|(?P<unknown>[^-~–〜,、・/\s]+)"
)


class DaysError(ValueError):
    """The text means no days; the message says which part of it does not."""


@dataclass(frozen=True, slots=True)
class Days:
    """Some days of the week. Monday is 0, as in `date.weekday`."""

    weekdays: frozenset[int] = frozenset()
    """Every one."""
    nth: frozenset[tuple[int, int]] = frozenset()
    """(n, weekday): the n-th of a month, 1 to 5, or its LAST."""

    def __post_init__(self) -> None:
        if not self.weekdays and not self.nth:
            raise ValueError("no day at all")
        if not self.weekdays <= set(range(7)) or not {day for _, day in self.nth} <= set(range(7)):
            raise ValueError("a weekday is not within 0 to 6")
        if not {n for n, _ in self.nth} <= {LAST, 1, 2, 3, 4, 5}:
            raise ValueError("an n-th weekday is not within 1 to 5 or LAST")

    def matches(self, day: date) -> bool:
        weekday = day.weekday()
        if weekday in self.weekdays or not self.nth:
            return weekday in self.weekdays
        if ((day.day - 1) // 7 + 1, weekday) in self.nth:
            return True
        return (LAST, weekday) in self.nth and (day + timedelta(days=7)).month != day.month


DAILY = Days(frozenset(range(7)))


def read_days(written: str | Iterable[str]) -> Days:
    """The days that one text, or each text of a list, means. Raises DaysError."""
    texts = [written] if isinstance(written, str) else list(written)
    weekdays: set[int] = set()
    nth: set[tuple[int, int]] = set()
    for text in texts:
        item = _Item(text)
        weekdays |= item.weekdays
        nth |= item.nth
    if not weekdays and not nth:
        raise DaysError("it names no day")
    return Days(frozenset(weekdays), frozenset(nth))


class _Item:
    """One text, read token by token."""

    def __init__(self, text: str) -> None:
        self.weekdays: set[int] = set()
        self.nth: set[tuple[int, int]] = set()
        self._ordinals: list[int] = []
        self._every = False
        self._last: int | None = None
        """The weekday just read: a range may begin with it."""
        self._range_from: int | None = None
        self._plain = False
        """A weekday stood there without saying which."""
        plain = unicodedata.normalize("NFKC", text).casefold()
        for token in _TOKEN.finditer(plain):
            self._take(token.lastgroup or "", token[0])
        if self._ordinals:
            raise DaysError("it does not say of which weekday after the last number")
        if self._range_from is not None:
            raise DaysError("it does not say to which weekday")
        if self.nth and self._plain:
            # `1st mon, wed`: the first Wednesday, or every one? An alarm is no place to guess.
            raise DaysError(
                "it is not clear which of the weekdays are meant every week: write 毎週 or every before those, "
                "or repeat the numbers before each"
            )

    def _take(self, kind: str, token: str) -> None:
        match kind:
            case "group":
                self._group(_GROUPS[token.replace(" ", "")])
            case "weekday":
                self._weekday(_weekday(token))
            case "ordinal":
                self._ordinals.append(_ordinal(token))
            case "every":
                self._every = True
            case "range":
                if self._last is None:
                    raise DaysError("a range begins with a weekday, as in mon-fri")
                self._range_from = self._last
            case "unknown":
                known = [*_ENGLISH, *(name[:3] for name in _ENGLISH), *_GROUPS, *_ORDINALS]
                raise DaysError(f'there is no day "{token[:60]}"{did_you_mean(token, known)}')
        if kind not in ("weekday", "between"):
            self._last = None

    def _group(self, days: Iterable[int]) -> None:
        if self._ordinals or self._range_from is not None:
            raise DaysError("a number or a range goes with single weekdays only")
        self.weekdays |= set(days)
        self._every = False

    def _weekday(self, weekday: int) -> None:
        self._last = None
        if self._range_from is not None:
            if self._ordinals:
                raise DaysError("a number goes with a single weekday, not with a range")
            length = (weekday - self._range_from) % 7
            self.weekdays |= {(self._range_from + step) % 7 for step in range(length + 1)}
            self._range_from = None
        elif self._ordinals:
            self.nth |= {(n, weekday) for n in self._ordinals}
            self._ordinals = []
        else:
            self.weekdays.add(weekday)
            self._plain = self._plain or not self._every
            self._last = weekday
        self._every = False


def _weekday(token: str) -> int:
    if token[0] in _JAPANESE:
        return _JAPANESE.index(token[0])
    return next(index for index, name in enumerate(_ENGLISH) if name.startswith(token[:3]))


def _ordinal(token: str) -> int:
    if token in _ORDINALS:
        return _ORDINALS[token]
    return int(token.translate(_KANJI_DIGITS).strip("第stndrh"))
