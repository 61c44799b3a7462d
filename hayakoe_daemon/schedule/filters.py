"""Filters of templates: values into Japanese, written so that the reading rules say it right, and a few tools.

| filter | of | writes |
|---|---|---|
| `date` | a date, a time or their ISO 8601 text | 11月20日; with `year=true` 2026年11月20日 |
| `weekday` | the same | 金曜日 |
| `clock` | a time or its ISO 8601 text, `07:30`, seconds since the epoch | 7時30分, 7時 |
| `day` | a date | 今日, 明日, 明後日, 昨日; else 11月20日 |
| `duration` | seconds | 1時間30分, 45秒 |
| `temperature` | a number | 23.5度, マイナス3度 |
| `percent` | a number | 30パーセント |
| `count("本")` | a number | 3本 |
| `number(1)` | a number | 21.5, rounded to so many digits, a half up (四捨五入) |
| `compared(yesterday)` | a number and the one of yesterday | 昨日より3度高い, 昨日と同じ |
| `jma("東京地方")` | the forecast of the JMA | its `today` and `tomorrow`, see `filters_jma` |
| `listed` | texts | 牛乳とパン, 牛乳、パン、卵 |
| `join("、")` `replace("a", "b")` `trim` `split("、")` `round` `int` `float` `sum` | | as in Jinja2 |

What is no such value raises FilterError, and the sentence it stands in falls back.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import MAX_TEXT
from hayakoe_daemon.schedule.filters_jma import forecast

MOST_LISTED = 1_000
_LARGEST = 1e15
_CLOCK = re.compile(r"\s*(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*")
"""A time of day and nothing else: `7:30 PM` and `07:30Z` are not half past seven."""

_WEEKDAYS = "月火水木金土日"
_DAYS = {-2: "一昨日", -1: "昨日", 0: "今日", 1: "明日", 2: "明後日"}


class FilterError(ValueError):
    """A filter was given something that it can make nothing of."""


def filters(zone: ZoneInfo, now: Callable[[], datetime]) -> dict[str, Callable[..., Any]]:
    """Every filter by its name, for clocks of that zone. `now` is asked when a filter needs it."""
    return {
        "date": lambda value, year=False: say_date(_day(value, zone), year=bool(year)),
        "weekday": lambda value: f"{_WEEKDAYS[_day(value, zone).weekday()]}曜日",
        "clock": lambda value: say_clock(value, zone),
        "day": lambda value: say_day(_day(value, zone), now().date()),
        "duration": duration,
        "temperature": temperature,
        "percent": lambda value: f"{_plain(_number(value), 0)}パーセント",
        "count": count,
        "jma": lambda value, area=None, station=None: forecast(value, area, station, now()),
        "number": lambda value, digits=0: _plain(_number(value), digits),
        "compared": compared,
        "listed": listed,
        "join": join,
        "replace": replace,
        "split": split,
        "trim": lambda value: _text(value).strip(),
        "round": round_,
        "int": lambda value: int(_number(value)),
        "float": lambda value: float(_number(value)),
        "sum": lambda values: _number(sum(_number(value) for value in islice(_many(values), MOST_LISTED))),
    }


def say_date(day: date, *, year: bool = False) -> str:
    """11月20日."""
    return f"{day.year}年{day.month}月{day.day}日" if year else f"{day.month}月{day.day}日"


def say_day(day: date, today: date) -> str:
    """今日 and its neighbours by name."""
    return _DAYS.get((day - today).days) or say_date(day)


def say_clock(value: Any, zone: ZoneInfo) -> str:
    """7時30分; the full hour without minutes."""
    hour, minute = _hour_and_minute(value, zone)
    return f"{hour}時{minute}分" if minute else f"{hour}時"


def duration(value: Any) -> str:
    """1時間30分 of 5400; days only from two on, seconds only below ten minutes."""
    total = int(_rounded(_exact(value), 0))
    if total < 0:
        raise FilterError("a length of time is below zero")
    if total >= 600:
        total = (total + 30) // 60 * 60
    days, rest = divmod(total, 86_400) if total >= 172_800 else (0, total)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((days, "日"), (hours, "時間"), (minutes, "分"), (seconds, "秒"))
    return "".join(f"{number}{unit}" + ("と" if unit == "日" else "") for number, unit in parts if number).removesuffix(
        "と"
    ) or ("0秒")


def temperature(value: Any, digits: int = 1) -> str:
    """23.5度; below zero マイナス3度."""
    return f"{_signed(_number(value), digits)}度"


def count(value: Any, counter: str) -> str:
    """3本: how that is read is the reading rules' business."""
    return f"{_plain(_number(value), 1)}{_text(counter)}"


def compared(value: Any, other: Any, *words: str, than: str = "昨日", unit: str = "度", digits: int = 0) -> str:
    """昨日より3度高い. Two more words say it otherwise, as in `compared(y, "多い", "少ない", unit="ミリ")`."""
    more, less = words or ("高い", "低い")
    difference = _rounded(_exact(value) - _exact(other), digits)
    if not difference:
        return f"{_text(than)}と同じ"
    return f"{_text(than)}より{_written(abs(difference))}{_text(unit)}{more if difference > 0 else less}"


def listed(values: Any) -> str:
    """牛乳とパン; 牛乳、パン、卵."""
    texts = [_text(value) for value in islice(_many(values), MOST_LISTED)]
    return _bounded("と".join(texts) if len(texts) == 2 else "、".join(texts))


def join(values: Any, between: str = "", attribute: str | None = None) -> str:
    found = islice(_many(values), MOST_LISTED)
    picked = (value.get(attribute) if attribute and isinstance(value, Mapping) else value for value in found)
    length, texts = 0, []
    for value in picked:
        texts.append(_text(value))
        length += len(texts[-1]) + len(_text(between))
        if length > 2 * MAX_TEXT:
            break
    return _bounded(_text(between).join(texts))


def replace(value: Any, old: str, new: str) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    if not old:
        raise FilterError("replace wants something to look for")
    if len(text) + text.count(old) * len(new) > 2 * MAX_TEXT:
        raise FilterError(f"a text gets longer than {MAX_TEXT:,} characters")
    return text.replace(old, new)


def split(value: Any, between: str | None = None) -> list[str]:
    if between == "":
        raise FilterError("split wants something to split at")
    return _text(value).split(between, MOST_LISTED)


def round_(value: Any, digits: int = 0) -> float | int:
    rounded = round(_number(value), _digits(digits))
    return int(rounded) if digits == 0 else rounded


def _day(value: Any, zone: ZoneInfo) -> date:
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(zone)).date()
    if isinstance(value, date):
        return value
    return _moment(value, zone).date()


def _moment(value: Any, zone: ZoneInfo) -> datetime:
    """The moment by the clock of that zone. Without an offset it is one of that zone already."""
    if isinstance(value, datetime):
        return value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, str):
        try:
            return _moment(datetime.fromisoformat(value.strip()), zone)
        except (ValueError, OverflowError):
            raise FilterError(f'"{value[:40]}" is neither a date nor a time') from None
    if isinstance(value, date):
        return datetime.combine(value, datetime.min.time(), zone)
    try:
        return datetime.fromtimestamp(_number(value), zone)
    except (ValueError, OverflowError, OSError):
        raise FilterError(f"{value} is not a time") from None


def _hour_and_minute(value: Any, zone: ZoneInfo) -> tuple[int, int]:
    if isinstance(value, str):
        if (found := _CLOCK.fullmatch(value)) and int(found[1]) < 25 and int(found[2]) < 60:
            return int(found[1]), int(found[2])
        with contextlib.suppress(ValueError):
            value = date.fromisoformat(value.strip())
    if isinstance(value, date) and not isinstance(value, datetime):
        raise FilterError("a date has no time of day")
    moment = _moment(value, zone)
    if moment.second >= 30:
        moment += timedelta(seconds=30)
    return moment.hour, moment.minute


def _number(value: Any) -> float | int:
    """A number, also one that is written as text, as MQTT and the JMA have them."""
    if isinstance(value, str):
        try:
            value = float(value[:40])
        except ValueError:
            raise FilterError(f'"{value[:40]}" is not a number') from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FilterError(f"{_kind(value)} is not a number")
    if not (math.isfinite(value) and abs(value) < _LARGEST):
        raise FilterError("a number is too large")
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FilterError(f"{_kind(value)} is not a text")
    return _plain(_number(value), 6)


def _many(values: Any) -> Iterable[Any]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise FilterError(f"{_kind(values)} is not a list")
    return values


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)[:40]  # says itself what is missing, where it is not there


def _digits(digits: Any) -> int:
    if not isinstance(digits, int) or not 0 <= digits <= 6:
        raise FilterError("digits after the point are 0 to 6")
    return digits


def _plain(value: float, digits: Any) -> str:
    """Rounded, without the zeros that nobody says."""
    return _written(_rounded(_exact(value), digits))


def _exact(value: Any) -> Decimal:
    """The number as it is written: 0.285 is a little less as a float."""
    return Decimal(repr(_number(value)))


def _rounded(number: Decimal, digits: Any) -> Decimal:
    """四捨五入: a half goes away from zero, 2.5 to 3 and -2.5 to -3."""
    return number.quantize(Decimal(1).scaleb(-_digits(digits)), ROUND_HALF_UP)


def _written(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _signed(value: float, digits: Any) -> str:
    text = _plain(value, digits)
    return f"マイナス{text[1:]}" if text.startswith("-") else text


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise FilterError(f"a text gets longer than {MAX_TEXT:,} characters")
    return text
