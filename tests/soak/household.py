"""What lives in the house: its config, the days of its people, and when its alarms are due by our own reckoning."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
START = datetime(2026, 12, 9, 5, 30, tzinfo=TOKYO)
"""A Wednesday; 30 days from it take in the end of a year."""

QUEUE_LIMIT = 120
THERMOMETER = "home/outdoor"
ONCE = "%Y-%m-%d %H:%M:%S"
"""How an alarm for once is written."""

_ALARMS: dict[str, dict[str, Any]] = {
    "morning": {
        "time": "06:45",
        "days": "平日",
        "text": "おはようございます。六時四十五分です。",
        "chime": True,
        "volume": 70,
        "ramp_from": 20,
        "ramp_over": "1 min",
        "repeat": "5 min",
        "repeat_for": "12 min",
        "snooze": "9 min",
        "grace": "20 min",
    },
    "briefing": {"time": "07:00", "text": "{{ briefings.morning }}"},
    "rubbish": {
        "time": "07:30",
        "days": "第2・第4水曜",
        "text": "今日は古紙の日です。",
        "grace": "30 min",
        "tell_missed": True,
    },
    "chimes": {"cron": "0 10,15,18 * * *", "text": "{{ now | clock }}です。", "grace": "5 min"},
    "medicine": {"time": "21:00", "text": "お薬の時間です。", "repeat": "10 min", "repeat_times": 1},
    "weekend": {"time": "09:00", "days": "土・日", "text": "朝です。", "priority": "urgent"},
}


def _weekday(day: date) -> bool:
    return day.weekday() < 5


_DUES: dict[str, Callable[[date], list[time]]] = {
    "morning": lambda day: [time(6, 45)] if _weekday(day) else [],
    "briefing": lambda _: [time(7, 0)],
    "rubbish": lambda day: [time(7, 30)] if day.weekday() == 2 and (day.day - 1) // 7 in (1, 3) else [],
    "chimes": lambda _: [time(10), time(15), time(18)],
    "medicine": lambda _: [time(21)],
    "weekend": lambda day: [] if _weekday(day) else [time(9)],
}

QUIET = (time(22, 0), time(6, 30))


def config(web: str, note: str, alarms: Sequence[str]) -> dict[str, Any]:
    """The daemon's config with these alarms; `web` is the address of a JSON document, `note` the path of a file."""
    return {
        "time_zone": "Asia/Tokyo",
        "audio": {"device": "null:", "lead_in": 0.05, "volume": 80},
        "queue": {"limit": QUEUE_LIMIT},
        "quiet": {"hours": f"{QUIET[0]:%H:%M}-{QUIET[1]:%H:%M}"},
        "alarms": {name: _ALARMS[name] for name in alarms},
        "sources": {
            "weather": {"http": web, "timeout": 2, "fallback": "天気予報は取れませんでした。"},
            "outdoor": {"mqtt": THERMOMETER, "max_age": "1 h", "fallback": "外の気温は分かりません。"},
            "note": {"file": note, "fallback": "メモはありません。"},
        },
        "briefings": {
            "morning": {
                "chime": True,
                "text": "{{ today | date }}、{{ today | weekday }}です。今日は{{ weather.sky }}です。"
                "外は{{ outdoor.temperature | temperature }}です。{{ note }}",
            }
        },
    }


def dues(name: str, begin: float, end: float) -> Iterator[float]:
    """When that alarm of the config is due after `begin` and up to `end`, seconds since the epoch."""
    day = datetime.fromtimestamp(begin, TOKYO).date()
    while (midnight := datetime.combine(day, time(), TOKYO).timestamp()) <= end:
        for at in _DUES[name](day):
            instant = midnight + at.hour * 3600 + at.minute * 60
            if begin < instant <= end:
                yield instant
        day += timedelta(days=1)


ALARMS = tuple(_ALARMS)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody in the house does at that time (s since the epoch): `what` with its details."""

    at: float
    what: str
    details: dict[str, Any] = field(default_factory=dict)


_TEXTS = (
    "洗濯が終わりました。",
    "お風呂が沸きました。",
    "玄関に誰かいます。",
    "{}号室から電話です。",
    "気温は{}度です。",
    "電車は{}分遅れています。次の電車にご注意ください。",
    "牛乳があと{}本です。",
    "{}時になったら出かけます。忘れ物はありませんか。",
)
_GARBAGE: tuple[bytes, ...] = (
    *(b"{", b"[1, 2", b"[]", b"", b"\xff\xfe\x00", b'{"text": 7}', b'{"txet": "a"}', b'{"text": "a", "volume": 900}'),
    b'{"text": "{{ nothing.at_all | unknown }}"}',
    b'{"text": "a", "voice": "nobody", "chime": "none"}',
    ("長" * 10_001).encode(),
    b"x" * 300_000,
    b'{"text": "a", "expires_in": -1}',
    b'{"a":' * 5_000,
)


class Household:
    """The people of the house: what they do on each day is a matter of chance, and the same for the same seed.

    `says` is how many announcements a usual day has, `alarms` are those that they have set.
    """

    def __init__(self, seed: int, *, says: int, alarms: Sequence[str] = ALARMS) -> None:
        self.alarms = alarms
        self._chance = random.Random(f"household {seed}")
        self._says = says
        self._number = 0

    def day(self, day: date) -> list[Deed]:
        """All that is done on this day, in order."""
        deeds = [*self._announcements(day), *self._meddling(day), *self._surroundings(day)]
        return sorted(deeds, key=lambda deed: deed.at)

    def _announcements(self, day: date) -> Iterator[Deed]:
        chance = self._chance
        for _ in range(self._says):
            at = self._time(day, 6.6, 23.5) if chance.random() < 0.9 else self._time(day, 0.5, 6.0)
            message = self.message()
            yield Deed(at, "say", {"message": message})
            if "id" in message and chance.random() < 0.3:
                yield Deed(at + chance.choice((0.0, 2.0, 600.0)), "say", {"message": message, "again": True})
        burst = chance.random()
        if burst < 0.35:
            yield Deed(self._time(day, 11.0, 17.0), "burst", {"count": 200 if burst < 0.2 else 60})

    def message(self) -> dict[str, Any]:
        chance = self._chance
        self._number += 1
        message: dict[str, Any] = {"text": chance.choice(_TEXTS).format(chance.randrange(1, 30))}
        if chance.random() < 0.6:
            message["id"] = f"m{self._number}"
        if chance.random() < 0.15:
            message["key"] = "washer"
        if chance.random() < 0.15:
            message["chime"] = chance.choice((True, "alert", "dingdong"))
        if chance.random() < 0.1:
            message["expires_in"] = chance.choice((60, 3600, 7200))
        if chance.random() < 0.2:
            message["when_quiet"] = chance.choice(("speak", "hold", "drop"))
        if chance.random() < 0.1:
            message["text"] += "外は{{ outdoor.temperature | temperature }}です。"
        message["priority"] = chance.choices(("low", "normal", "high", "urgent"), (1, 12, 2, 2))[0]
        return message

    def _meddling(self, day: date) -> Iterator[Deed]:
        chance = self._chance
        for action in chance.sample(("stop", "skip", "clear", "repeat", "briefing/morning"), 2):
            at = self._time(day, 8.0, 20.0)
            yield Deed(at, "say", {"message": self.message()})
            yield Deed(at + chance.uniform(0.0, 0.6), "ask", {"topic": f"do/{action}"})
        for thing, on, off in (("mute", "ON", "OFF"), ("do_not_disturb", "ON", "OFF"), ("volume", "30", "80")):
            if chance.random() < 0.3:
                at = self._time(day, 9.0, 19.0)
                yield Deed(at, "ask", {"topic": f"set/{thing}", "payload": on})
                yield Deed(at + 2400.0, "ask", {"topic": f"set/{thing}", "payload": off})
        if chance.random() < 0.3:
            word = {"word": "我が家", "reading": chance.choice(("ワガヤ", "ワガイエ"))}
            yield Deed(self._time(day, 9.0, 19.0), "ask", {"topic": "dictionary/add", "payload": word})
        if chance.random() < 0.3:
            yield Deed(self._time(day, 9.0, 19.0), "ask", {"topic": "do/test_alarm", "payload": "morning"})
        if chance.random() < 0.5:
            at = self._time(day, 12.0, 14.0)
            wakes = datetime.fromtimestamp(at + chance.choice((600, 3600)), TOKYO)
            nap = {"once": wakes.strftime(ONCE), "text": "お昼寝の終わりです。"}
            yield Deed(at, "ask", {"topic": f"alarm/nap{day:%m%d}/set", "payload": nap})
        for _ in range(2):
            yield Deed(self._time(day, 6.7, 22.0), "garbage", {"payload": chance.choice(_GARBAGE)})
        if chance.random() < 0.2:
            yield Deed(self._time(day, 8.0, 20.0), "retained", {})

    def _surroundings(self, day: date) -> Iterator[Deed]:
        chance = self._chance
        for hour in (0.2, 5.9, 6.95, 9.5, 14.0, 19.0):
            yield Deed(self._instant(day, hour), "thermometer", {"temperature": round(chance.uniform(-5.0, 15.0), 1)})
        # Ahead of the briefing time stands still for a moment, so that its sources can be asked.
        yield Deed(self._instant(day, 6.97), "rest", {"seconds": 0.7})
        yield Deed(self._time(day, 1.0, 5.0), "weather", {"status": chance.choice((200, 200, 200, 500, 404))})
        yield Deed(
            self._time(day, 8.0, 20.0),
            "note",
            {"text": chance.choice(("牛乳を買う。", "", "{", "卵とパンもお願いします。" * 3))},
        )
        if chance.random() < 0.3:
            yield Deed(self._time(day, 8.0, 20.0), "birth", {})

    def reaction(self) -> str | None:
        """What somebody does about an alarm that rings."""
        return self._chance.choices(("do/dismiss", "do/snooze", None), (4, 2, 3))[0]

    def _time(self, day: date, first: float, last: float) -> float:
        return self._instant(day, self._chance.uniform(first, last))

    @staticmethod
    def _instant(day: date, hour: float) -> float:
        return datetime.combine(day, time(), TOKYO).timestamp() + 3600 * hour


def written(payload: object) -> str | bytes:
    """A payload as it goes over the wire."""
    return payload if isinstance(payload, str | bytes) else json.dumps(payload, ensure_ascii=False)
