"""Calendars with the ugliness of real ones."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hayakoe_daemon.schedule.sources.calendar import Agenda, CalendarSource, read_agenda
from hayakoe_daemon.schedule.sources.fetched import SourceError
from tests.support.waiting import patient
from tests.support.web_server import Page, WebServer

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 20, 7, 5, tzinfo=TOKYO).timestamp()
"""A Friday."""

DAY = 86_400.0


def ics(*events: str, head: str = "", newline: str = "\r\n") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *head.split("\n")]
    for number, event in enumerate(events):
        uid = [] if "UID:" in event else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *uid, *event.split("\n"), "END:VEVENT"]
    return newline.join([line for line in lines if line] + ["END:VCALENDAR", ""]).encode()


def days(body: bytes, now: float = NOW, zone: ZoneInfo = TOKYO) -> dict[str, list[dict[str, Any]]]:
    return read_agenda(body, now, zone).document(now)


def shown(events: list[dict[str, Any]]) -> list[str]:
    return ["一日 " + one["summary"] if one["all_day"] else f"{one['begin']:%H:%M} {one['summary']}" for one in events]


def test_today_and_tomorrow_in_the_order_of_time() -> None:
    body = ics(
        "SUMMARY:夕食\nDTSTART;TZID=Asia/Tokyo:20261120T190000\nDTEND;TZID=Asia/Tokyo:20261120T210000",
        "SUMMARY:歯医者\nDTSTART;TZID=Asia/Tokyo:20261120T093000\nDURATION:PT30M\nLOCATION:駅前",
        "SUMMARY:朝練\nDTSTART;TZID=Asia/Tokyo:20261120T060000\nDURATION:PT1H",
        "SUMMARY:誕生日\nDTSTART;VALUE=DATE:20261121",
        "SUMMARY:昨日\nDTSTART;TZID=Asia/Tokyo:20261119T090000\nDURATION:PT1H",
        "SUMMARY:来週\nDTSTART;TZID=Asia/Tokyo:20261127T090000",
    )
    found = days(body)

    assert shown(found["today"]) == ["06:00 朝練", "09:30 歯医者", "19:00 夕食"]
    assert shown(found["tomorrow"]) == ["一日 誕生日"]
    assert shown(found["rest"]) == ["09:30 歯医者", "19:00 夕食"]
    assert found["today"][1]["place"] == "駅前"
    assert found["today"][1]["end"] == datetime(2026, 11, 20, 10, 0, tzinfo=TOKYO)


def test_from_midnight_to_midnight_by_the_clock_of_the_house_is_a_whole_day() -> None:
    zone, line = "DTSTART;TZID=Asia/Tokyo:", "DTEND;TZID=Asia/Tokyo:"
    body = ics(
        f"SUMMARY:祝日\n{zone}20261120T000000\n{line}20261121T000000",
        f"SUMMARY:旅行\n{zone}20261119T000000\nDURATION:P3D",
        "SUMMARY:出張\nDTSTART:20261119T150000Z\nDTEND:20261120T150000Z",
        f"SUMMARY:夜間工事\n{zone}20261120T000000\n{line}20261120T060000",
        f"SUMMARY:当直\n{zone}20261120T090000\n{line}20261121T090000",
        f"SUMMARY:締切\n{zone}20261120T000000",
    )
    found = ["一日 出張", "一日 旅行", "一日 祝日", "00:00 夜間工事", "00:00 締切", "09:00 当直"]

    assert sorted(shown(days(body)["today"])) == sorted(found)
    assert shown(days(body)["tomorrow"]) == ["一日 旅行", "09:00 当直"]


def test_days_that_follow_each_other_need_no_new_calendar() -> None:
    agenda = read_agenda(ics("SUMMARY:会議\nDTSTART;TZID=Asia/Tokyo:20261126T093000"), NOW, TOKYO)

    assert shown(agenda.document(NOW + 5 * DAY)["tomorrow"]) == ["09:30 会議"]
    assert shown(agenda.document(NOW + 6 * DAY)["today"]) == ["09:30 会議"]


def test_repeated_events_without_those_that_were_taken_out() -> None:
    weekly = "UID:w\nSUMMARY:ピアノ\nDTSTART;TZID=Asia/Tokyo:20260102T170000\nRRULE:FREQ=WEEKLY;BYDAY=FR"
    moved = "UID:w\nRECURRENCE-ID;TZID=Asia/Tokyo:20261120T170000\nSUMMARY:ピアノ変更\nDTSTART:20261121T100000"
    next_week = NOW + 7 * DAY

    assert shown(days(ics(weekly))["today"]) == ["17:00 ピアノ"]
    without = ics(weekly + "\nEXDATE;TZID=Asia/Tokyo:20261120T170000,20261113T170000")
    assert (shown(days(without)["today"]), shown(days(without, next_week)["today"])) == ([], ["17:00 ピアノ"])
    utc = ics(weekly + "\nEXDATE:20261120T080000Z")
    assert shown(days(utc)["today"]) == []
    assert shown(days(ics(weekly, moved))["today"]) == []
    assert shown(days(ics(weekly, moved))["tomorrow"]) == ["10:00 ピアノ変更"]
    ended = ics(weekly + "\nSTATUS:CANCELLED")
    assert shown(days(ended)["today"]) == []
    until = ics("SUMMARY:x\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;UNTIL=20261119")
    assert shown(days(until)["today"]) == []
    monthly = ics("SUMMARY:古紙\nDTSTART;VALUE=DATE:20260116\nRRULE:FREQ=MONTHLY;BYDAY=3FR")
    assert shown(days(monthly)["today"]) == ["一日 古紙"]


def test_days_that_last() -> None:
    body = ics(
        "SUMMARY:出張\nDTSTART;VALUE=DATE:20261119\nDTEND;VALUE=DATE:20261121",
        "SUMMARY:夜勤\nDTSTART:20261119T220000\nDTEND:20261120T060000",
    )
    found = days(body)

    assert shown(found["today"]) == ["一日 出張", "22:00 夜勤"]
    assert [one["running"] for one in found["today"]] == [True, True]
    assert shown(found["rest"]) == ["一日 出張"]
    assert shown(found["tomorrow"]) == []


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        ("DTSTART:20261120T003000Z", "09:30"),
        ("DTSTART:20261120T093000", "09:30"),
        ("DTSTART;TZID=Asia/Tokyo:20261120T093000", "09:30"),
        ("DTSTART;TZID=Tokyo Standard Time:20261120T093000", "09:30"),
        ('DTSTART;TZID="Asia/Tokyo":20261120T093000', "09:30"),
        ("DTSTART;TZID=America/New_York:20261119T193000", "09:30"),
        ("DTSTART;TZID=/freeassociation.sourceforge.net/Asia/Tokyo:20261120T093000", "09:30"),
        ("DTSTART;TZID=Our House:20261120T093000", "09:30"),
        ("dtstart;tzid=Asia/Tokyo:20261120T093000", "09:30"),
    ],
)
def test_zones_with_and_without_their_definition(start: str, begins: str) -> None:
    assert shown(days(ics(f"SUMMARY:会議\n{start}"))["today"]) == [f"{begins} 会議"]


def test_a_zone_that_only_the_calendar_knows() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Somewhere\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0500\n"
        "TZOFFSETTO:+0500\nTZNAME:SOME\nEND:STANDARD\nEND:VTIMEZONE"
    )
    body = ics("SUMMARY:会議\nDTSTART;TZID=Somewhere:20261120T053000", head=zone)

    assert shown(days(body)["today"]) == ["09:30 会議"]


def test_a_zone_in_quotes_with_a_colon_inside() -> None:
    """Outlook's."""
    standard = "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD"
    zone = f"BEGIN:VTIMEZONE\nTZID:(UTC+09:00) Osaka\n{standard}\nEND:VTIMEZONE"
    body = ics('SUMMARY:会議\nDTSTART;TZID="(UTC+09:00) Osaka":20261120T093000\nDURATION:PT1H', head=zone)
    assert shown(days(body)["today"]) == ["09:30 会議"]


def test_a_day_that_is_its_own_end() -> None:
    body = ics("SUMMARY:休み\nDTSTART;VALUE=DATE:20261120\nDTEND;VALUE=DATE:20261120")
    found = days(body)
    assert (shown(found["rest"]), found["tomorrow"]) == (["一日 休み"], [])


def test_in_another_house() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 11, 20, 7, tzinfo=berlin).timestamp()
    body = ics(
        "SUMMARY:a\nDTSTART:20261120T233000Z",
        "SUMMARY:b\nDTSTART:20261120T083000",
        "SUMMARY:c\nDTSTART;VALUE=DATE:20261120",
    )
    found = days(body, now, berlin)

    assert shown(found["today"]) == ["一日 c", "08:30 b"]
    assert shown(found["tomorrow"]) == ["00:30 a"]


def test_lines_as_they_are_folded_and_bytes_that_do_not_belong() -> None:
    summary = "とても長い題名の予定、コンマ\\, セミコロン\\; 改行\\nの後".encode()
    folded = b"SUMMARY:" + summary[:40] + b"\r\n " + summary[40:71] + b"\r\n\t" + summary[71:]
    for newline in (b"\r\n", b"\n", b"\r"):
        body = ics("X\nDTSTART:20261120T093000").replace(b"X", folded).replace(b"\r\n", newline)
        assert shown(days(b"\xef\xbb\xbf" + body)["today"]) == [
            "09:30 とても長い題名の予定、コンマ, セミコロン; 改行 の後"
        ]
    broken = ics("SUMMARY:歯?医者\u2028です\nDTSTART:20261120T093000").replace(b"?", b"\xff\xfe\0")
    assert shown(days(broken)["today"]) == ["09:30 歯医者 です"]


@pytest.mark.parametrize(
    "broken",
    [
        "SUMMARY:x\nDTSTART:nonsense\nRRULE:FREQ=DAILY",
        "SUMMARY:x\nDTSTART;VALUE=DATE:20261399\nRRULE:FREQ=DAILY",
        "SUMMARY:x\nDTSTART:20261120T083000\nRRULE:FREQ=SOMETIMES",
        "SUMMARY:x\nDTSTART:20261120T083000\nRRULE:nothing",
        "SUMMARY:x\nDTSTART:20261120T083000\nRRULE:FREQ=DAILY\nEXDATE:never",
        "SUMMARY:x\nDTSTART:20261120T083000\nDTEND:yesterday",
        "SUMMARY:x\nDTSTART:20261120T083000\nDURATION:long",
        "SUMMARY:x\nDTSTART:99991231T083000\nRRULE:FREQ=DAILY",
        "SUMMARY:x\nDTSTART;TZID=:20261120T083000\nRRULE:FREQ=DAILY;INTERVAL=0",
        "SUMMARY:x\nDTSTART:00010101T000000\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "SUMMARY:x\nDTSTART:19700101T000000Z\nRRULE:FREQ=SECONDLY",
        "SUMMARY:x\nDTSTART:19700101T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=2",
        "SUMMARY:x\nDTSTART:19700101T000000Z\nRRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "SUMMARY:x\nDTSTART:19000101T000000\nRRULE:FREQ=DAILY;BYHOUR=0,1,2;BYMINUTE=0,1,2,3;BYSECOND=0,1,2,3,4,5",
        "SUMMARY:x\nRRULE:FREQ=DAILY",
        "SUMMARY:x",
        "BEGIN:VALARM\nTRIGGER:-PT10M\nDTSTART:20261120T083000",
        ";;;:::\nDTSTART",
    ],
)
def test_what_is_broken_spoils_no_other_event(broken: str) -> None:
    began = time.process_time()
    body = ics(
        broken, "SUMMARY:歯医者\nDTSTART:20261120T093000", "SUMMARY:毎日\nDTSTART:20260101T120000\nRRULE:FREQ=DAILY"
    )

    found = [one for one in shown(days(body)["today"]) if not one.endswith(" x")]
    assert found == ["09:30 歯医者", "12:00 毎日"]
    assert time.process_time() - began < patient(5)


def test_an_event_without_an_end_is_ended_by_the_next() -> None:
    body = ics("SUMMARY:a\nDTSTART:20261120T083000", "SUMMARY:b\nDTSTART:20261120T093000").replace(
        b"END:VEVENT\r\n", b"", 1
    )
    assert shown(days(body)["today"]) == ["09:30 b"]


def test_an_alarm_inside_an_event_says_nothing_of_it() -> None:
    body = ics(
        "SUMMARY:会議\nDTSTART:20261120T093000\nBEGIN:VALARM\nSUMMARY:その\nDESCRIPTION:x\nEND:VALARM\nLOCATION:駅"
    )
    (event,) = days(body)["today"]
    assert (event["summary"], event["place"]) == ("会議", "駅")


@pytest.mark.parametrize("body", [b"", b"<html><title>Sign in</title></html>", b"[]", b"\0" * 1000])
def test_what_is_no_calendar(body: bytes) -> None:
    with pytest.raises(SourceError, match="it is not a calendar"):
        read_agenda(body, NOW, TOKYO)


def test_an_empty_calendar_is_one() -> None:
    assert days(ics()) == {"today": [], "tomorrow": [], "rest": []}


def test_years_of_events_are_read_soon() -> None:
    old = [f"SUMMARY:{n}\nDTSTART:20{10 + n % 15}0{1 + n % 9}15T093000\nDESCRIPTION:{'x' * 200}" for n in range(8000)]
    body = ics(*old, "SUMMARY:歯医者\nDTSTART:20261120T093000")
    began = time.process_time()

    assert shown(days(body)["today"]) == ["09:30 歯医者"]
    assert time.process_time() - began < patient(3)


def test_too_many_are_refused() -> None:
    body = ics(*(f"SUMMARY:{n}\nDTSTART:20261120T093000" for n in range(5001)))
    with pytest.raises(SourceError, match="more than 5,000 events"):
        read_agenda(body, NOW, TOKYO)


def test_from_a_file_and_from_an_address(tmp_path: Path) -> None:
    body = ics("SUMMARY:歯医者\nDTSTART:20261120T093000")
    file = tmp_path / "family.ics"
    file.write_bytes(body)
    with WebServer() as server:
        server.pages["family.ics"] = Page(body)
        for place in (str(file), server.url("family.ics")):
            source = CalendarSource(place, 5, TOKYO)
            agenda = source.read(source.fetch(NOW, None).body, NOW)
            assert isinstance(agenda, Agenda)
            assert shown(agenda.document(NOW)["today"]) == ["09:30 歯医者"]
