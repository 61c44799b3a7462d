"""The forecast of the Japan Meteorological Agency, as one asks about it: what is it like today, does it rain, how warm.

The document is that of https://www.jma.go.jp/bosai/forecast/data/forecast/130000.json (130000 is Tokyo), which nobody
specifies: its first element holds three series, each with its own times: weather by area, chances of rain for six hours
each, and temperatures of stations, where 00:00 stands for the lowest of that day and 09:00 for the highest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

_PERIOD = timedelta(hours=6)
_LOWEST, _HIGHEST = 0, 9


class ForecastError(ValueError):
    """The document is not the one that is known here."""


def forecast(document: Any, area: str | None, station: str | None, now: datetime) -> dict[str, Any]:
    """`today` and `tomorrow`, each with what is known of `weather` (words), `rain` (%), `high` and `low` (degrees).

    `area` is such as 東京地方 and `station` such as 東京; without them the first ones count. What the agency does not
    say any more, such as today's highest temperature in the evening, is not there. Raises ForecastError.
    """
    try:
        series = document[0]["timeSeries"]
        weathers, rains, temperatures = (_values(one, key) for one, key in zip(series, _KEYS, strict=False))
        index = _index(series[0], area)
        place = _index(series[2], station) if station else min(index, len(series[2]["areas"]) - 1)
        return {
            "today": _day(now.date(), weathers[index], rains[index], temperatures[place], now),
            "tomorrow": _day(now.date() + timedelta(days=1), weathers[index], rains[index], temperatures[place], now),
        }
    except ForecastError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ForecastError(f"this is not a forecast of the JMA: {type(error).__name__} {error}") from None


_KEYS = ("weathers", "pops", "temps")
_Series = Sequence[tuple[datetime, str]]


def _values(series: Mapping[str, Any], key: str) -> list[_Series]:
    """For each area its values with their times."""
    times = [datetime.fromisoformat(one) for one in series["timeDefines"]]
    return [list(zip(times, area.get(key, ()), strict=False)) for area in series["areas"]]


def _index(series: Mapping[str, Any], name: str | None) -> int:
    names = [area["area"]["name"] for area in series["areas"]]
    if name is None:
        return 0
    if name not in names:
        raise ForecastError(f"there is no {name} in this forecast, there are {'、'.join(names)}")
    return names.index(name)


def _day(day: date, weathers: _Series, rains: _Series, temperatures: _Series, now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _, words in _of(day, weathers):
        found.setdefault("weather", _sentence(words))
    chances = [int(rain) for at, rain in _of(day, rains) if rain and at + _PERIOD > now]
    if chances:
        found["rain"] = max(chances)
    by_hour = {at.hour: float(degrees) for at, degrees in _of(day, temperatures) if degrees}
    if _HIGHEST in by_hour:
        found["high"] = by_hour[_HIGHEST]
    # In the morning of a day its lowest is over, and the document repeats the highest in its place.
    if _LOWEST in by_hour and by_hour[_LOWEST] != by_hour.get(_HIGHEST):
        found["low"] = by_hour[_LOWEST]
    return found


def _of(day: date, series: _Series) -> Iterator[tuple[datetime, str]]:
    """Days are Japanese ones: the times come with their offset, and are looked at as they were written."""
    return ((at, value) for at, value in series if at.date() == day)


def _sentence(words: str) -> str:
    """The agency parts words by wide blanks: くもり　時々　晴れ　所により　雨."""
    return words.replace("\u3000所により", "、所により").replace("\u3000", "").strip()
