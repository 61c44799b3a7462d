"""All sources together: what they offer when, what outlives a restart, and who waits for whom."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hayakoe_daemon.clock import SYSTEM
from hayakoe_daemon.schedule.sources import slot, sources
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.sources.look import Standing
from hayakoe_daemon.schedule.sources.sources import Sources
from tests.support.waiting import patient, wait_for
from tests.support.web_server import Page, WebServer

TOKYO = ZoneInfo("Asia/Tokyo")


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.wrong = 0.0

    def __call__(self) -> float:
        return self.now

    def set_by(self, seconds: float) -> None:
        self.now += seconds
        self.wrong += seconds

    def boot(self) -> float:
        """What nobody sets."""
        return self.now - self.wrong


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def house(folder: Path, clock: Clock, **fields: dict[str, Any]) -> Sources:
    found = Sources(folder, replace(SYSTEM, wall=clock, boot=clock.boot))
    found.configure({name: SourceFields.model_validate(one) for name, one in fields.items()}, TOKYO)
    return found


def test_a_message_and_how_old_it_gets(tmp_path: Path, clock: Clock) -> None:
    house_ = house(tmp_path, clock, outdoor={"mqtt": "z/outdoor", "max_age": "1 h", "fallback": "分かりません。"})
    look = house_.look(clock.now)["outdoor"]
    assert (look.standing, look.value, look.age, look.fallback) == (Standing.WAITING, None, None, "分かりません。")
    assert look.why == "no message has come yet"
    assert house_.topics == ("z/outdoor",)

    house_.hear("z/outdoor", b'{"temperature": 8.5}', retained=False)
    house_.hear("z/other", b"1", retained=False)
    look = house_.look(clock.now + 3600)["outdoor"]
    assert (look.standing, look.value, look.age) == (Standing.OK, {"temperature": 8.5}, 3600)
    assert house_.look(clock.now + 3601)["outdoor"].standing is Standing.STALE
    assert house_.look(clock.now - 50)["outdoor"].age == 0, "the clock was put back"


def test_a_retained_message_that_is_known_gets_no_younger(tmp_path: Path, clock: Clock) -> None:
    first = house(tmp_path, clock, door={"mqtt": "z/door"})
    first.hear("z/door", b"open", retained=False)
    first.save()
    clock.now += 500
    second = house(tmp_path, clock, door={"mqtt": "z/door"})
    assert second.look(clock.now)["door"].age == 500

    second.hear("z/door", b"open", retained=True)
    assert second.look(clock.now)["door"].age == 500
    second.hear("z/door", b"open", retained=False)
    assert second.look(clock.now)["door"].age == 0
    clock.now += 10
    second.hear("z/door", b"shut", retained=True)
    assert (second.look(clock.now)["door"].value, second.look(clock.now)["door"].age) == ("shut", 0)


def test_what_was_heard_stays_where_the_config_of_its_source_changes(tmp_path: Path, clock: Clock) -> None:
    one = house(tmp_path, clock, door={"mqtt": "z/door"})
    one.hear("z/door", b"open", retained=True)
    clock.now += 10
    for name, more in (("door", {"max_age": "1 h"}), ("entrance", {}), ("entrance", {"fallback": "不明です。"})):
        one.configure({name: SourceFields.model_validate({"mqtt": "z/door", **more})}, TOKYO)
        look = one.look(clock.now)[name]
        assert (look.standing, look.value, look.age) == (Standing.OK, "open", 10)
    one.save()
    assert house(tmp_path, clock, entrance={"mqtt": "z/door"}).look(clock.now)["entrance"].value == "open"
    one.configure({"entrance": SourceFields.model_validate({"mqtt": "z/other"})}, TOKYO)
    assert one.look(clock.now)["entrance"].standing is Standing.WAITING


def test_what_was_kept_of_another_topic_or_is_damaged_is_not_used(tmp_path: Path, clock: Clock) -> None:
    first = house(tmp_path, clock, a={"mqtt": "z/a"}, b={"mqtt": "z/b"})
    first.hear("z/a", b"1", retained=False)
    first.hear("z/b", b"2", retained=False)
    first.save()
    for damage in (b"", b"{}", b"\xff", (tmp_path / "b").read_bytes()[:-1], b"[1]\n2"):
        (tmp_path / "b").write_bytes(damage)
        again = house(tmp_path, clock, a={"mqtt": "z/other"}, b={"mqtt": "z/b"})
        assert {one.standing for one in again.look(clock.now).values()} == {Standing.WAITING}


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("")
    one = house(tmp_path / "file" / "folder", clock, a={"mqtt": "z/a"})
    one.hear("z/a", b"1", retained=False)
    one.save()
    assert one.look(clock.now)["a"].value == 1


def test_http_is_there_again_after_a_restart_and_asked_with_its_etag(
    tmp_path: Path, clock: Clock, server: WebServer
) -> None:
    server.pages["a"] = Page(b'{"rain": 30}')
    fields = {"http": server.url("a"), "max_age": "6 h"}
    first = house(tmp_path, clock, weather=fields)
    first.freshen(["weather"], 5)
    first.save()
    clock.now += 100
    server.pages["a"] = Page(status=503)
    second = house(tmp_path, clock, weather=fields)
    second.freshen(["weather"], 5)
    look = second.look(clock.now)["weather"]
    assert (look.standing, look.value, look.age) == (Standing.OK, {"rain": 30}, 100)

    server.pages["a"] = Page(b'{"rain": 30}')
    second._slots["weather"].ask_at = 0.0
    second.freshen(["weather"], 5)
    assert "if-none-match" in server.asked[2][1]
    look = second.look(clock.now)["weather"]
    assert (look.value, look.age) == ({"rain": 30}, 0)


def test_what_was_good_counts_until_it_is_too_old(
    tmp_path: Path, clock: Clock, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "FIRST_RETRY", 0.01)
    server.pages["a"] = Page(b'{"rain": 30}')
    one = house(tmp_path, clock, weather={"http": server.url("a"), "max_age": "6 h", "refresh": "10 s"})
    one.freshen(["weather"], 5)
    for page in (Page(b"<html>"), Page(b"x", status=503), Page(size=50_000_000)):
        server.pages["a"] = page
        one._slots["weather"].ask_at = 0.0
        one.freshen(["weather"], 5)
        look = one.look(clock.now + 3600)["weather"]
        assert (look.standing, look.value, look.age) == (Standing.OK, {"rain": 30}, 3600)
        assert look.why is not None
    late = one.look(clock.now + 6 * 3600 + 1)["weather"]
    assert late.standing is Standing.STALE
    assert late.trouble == "weather is stale: it has more than 5 MB"


def test_failures_are_tried_again_ever_less_often(tmp_path: Path, clock: Clock, server: WebServer) -> None:
    one = house(tmp_path, clock, weather={"http": server.url("a"), "refresh": "5 min"})
    slot_, waits = one._slots["weather"], []
    for _ in range(6):
        slot_.fail("x")
        waits.append(slot_.wait)
    assert waits == [30, 60, 120, 240, 300, 300]


def test_one_that_hangs_keeps_no_other_waiting(tmp_path: Path, clock: Clock, server: WebServer) -> None:
    server.pages["slow"] = Page(hang=True)
    server.pages["fast"] = Page(b"[1]")
    (tmp_path / "note").write_text("はい")
    one = house(
        tmp_path / "kept",
        clock,
        slow={"http": server.url("slow"), "timeout": 20},
        fast={"http": server.url("fast")},
        note={"file": str(tmp_path / "note")},
    )
    began = time.monotonic()
    one.tick()
    assert time.monotonic() - began < patient(0.3), "the thread that asks waits for nothing"
    wait_for(lambda: not one.busy(["fast", "note"]), 5)
    looks = one.look(clock.now)
    assert (looks["fast"].value, looks["note"].value) == ([1], "はい")
    assert looks["slow"].standing is Standing.WAITING
    one.freshen(["slow"], 0.1)
    assert one.busy(["slow"])
    assert sum(path == "/slow" for path, _ in server.asked) == 1


def test_nothing_is_asked_before_it_is_due(tmp_path: Path, clock: Clock, server: WebServer) -> None:
    server.pages["a"] = Page(b"[1]")
    one = house(tmp_path, clock, a={"http": server.url("a"), "refresh": "10 min"})
    for _ in range(3):
        one.tick()
        one.freshen(["a"], 5)
    assert len(server.asked) == 1


def test_messages_are_not_written_down_each_time(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    one = house(tmp_path, clock, a={"mqtt": "z/a"})
    one.tick()
    for number in range(100):
        one.hear("z/a", str(number).encode(), retained=False)
        one.tick()
    assert not (tmp_path / "a").exists()
    monkeypatch.setattr(sources, "SAVE_EVERY", 0.0)
    one.tick()
    assert (tmp_path / "a").read_bytes().endswith(b"\n99")


def test_another_config_keeps_what_has_not_changed(tmp_path: Path, clock: Clock) -> None:
    one = house(tmp_path, clock, a={"mqtt": "z/a"}, b={"mqtt": "z/b"})
    one.hear("z/a", b"1", retained=False)
    one.hear("z/b", b"2", retained=False)
    one.configure(
        {"a": SourceFields.model_validate({"mqtt": "z/a"}), "b": SourceFields.model_validate({"mqtt": "z/c"})}, TOKYO
    )
    looks = one.look(clock.now)
    assert (looks["a"].value, looks["b"].standing) == (1, Standing.WAITING)
    assert one.topics == ("z/a", "z/c")


def test_a_payload_of_50_mb_changes_nothing(tmp_path: Path, clock: Clock) -> None:
    one = house(tmp_path, clock, a={"mqtt": "z/a"})
    one.hear("z/a", b"1", retained=False)
    one.hear("z/a", b"x" * 50_000_000, retained=False)
    look = one.look(clock.now)["a"]
    assert (look.value, look.why) == (1, "it has more than 1 MB")


DAILY = b"""BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;TZID=Asia/Tokyo:20270101T090000
RRULE:FREQ=DAILY
SUMMARY:Swim
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_that_never_changes_goes_on_telling(tmp_path: Path, clock: Clock) -> None:
    """What is read of it spans some days only."""
    (tmp_path / "family.ics").write_bytes(DAILY)
    one = house(tmp_path / "kept", clock, family={"calendar": str(tmp_path / "family.ics"), "refresh": "6 h"})
    for _ in range(40):
        one.freshen(["family"], 5)
        clock.now += 6 * 3600 - 1
        one._slots["family"].ask_at = 0.0
    assert [one["summary"] for one in one.look(clock.now)["family"].value["tomorrow"]] == ["Swim"]


def test_a_calendar_that_cannot_be_had_any_more_tells_as_long_as_it_is_good(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "family.ics"
    file.write_bytes(DAILY)
    one = house(tmp_path / "kept", clock, family={"calendar": str(file), "max_age": "30 d"})
    one.freshen(["family"], 5)
    file.unlink()
    clock.now += 12 * 86_400
    one.freshen(["family"], 5)
    look = one.look(clock.now)["family"]
    assert (look.standing, [one["summary"] for one in look.value["today"]]) == (Standing.OK, ["Swim"])
    assert look.why is not None


@pytest.mark.parametrize("by", [8 * 3600, -8 * 3600])
def test_the_clock_was_set_or_the_machine_slept(tmp_path: Path, clock: Clock, server: WebServer, by: float) -> None:
    """No time has passed for the monotonic clock."""
    server.pages["a"] = Page(b"[1]")
    one = house(tmp_path, clock, a={"http": server.url("a"), "refresh": "30 min", "max_age": "6 h"})
    one.freshen(["a"], 5)
    clock.now += by
    for _ in range(3):
        one.tick()
        one.freshen(["a"], 5)
    assert (one.look(clock.now)["a"].standing, len(server.asked)) == (Standing.OK, 2)
