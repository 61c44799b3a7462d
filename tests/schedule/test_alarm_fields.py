from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hayakoe_daemon.announcement import Priority
from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.mqtt.json_object import read_object
from hayakoe_daemon.schedule.alarm import Alarm, Ramp, Repeat
from hayakoe_daemon.schedule.alarm_fields import RULES, AlarmFields, patched, read_alarm_fields
from hayakoe_daemon.schedule.cron import read_cron
from hayakoe_daemon.schedule.dates import Stretch
from hayakoe_daemon.schedule.days import DAILY, Days
from hayakoe_daemon.schedule.rules import Hourly, Once, Rule, Timed

WEEKDAYS = Days(frozenset(range(5)))


def refused(**fields: object) -> PayloadError:
    with pytest.raises(PayloadError) as caught:
        read_alarm_fields(fields)
    return caught.value


def test_every_field_reaches_the_alarm() -> None:
    text = json.dumps(
        {
            "time": "6:45", "days": "平日", "enabled": False, "skip_holidays": "JP",
            "except_dates": "2026-08-13..2026-08-16, 12-29..01-03", "extra_dates": ["2026-12-30"],
            "valid_from": "2026-04-01", "valid_until": "2027-03-31", "text": "{{ name }}さん、おはよう。",
            "voice": "alpha",
            "style": "喜び", "volume": 70.0, "ramp_from": 20, "ramp_over": "1 min", "chime": "bell",
            "sound": "birds.flac", "repeat": "5 min", "repeat_times": 6, "repeat_for": 1800, "snooze": "9 min",
            "grace": "1 h", "tell_missed": True, "priority": "urgent",
        }
    )  # fmt: skip

    assert read_alarm_fields(read_object(text)).alarm("morning") == Alarm(
        name="morning",
        rule=Timed(time(6, 45), WEEKDAYS),
        enabled=False,
        text="{{ name }}さん、おはよう。",
        voice="alpha",
        style="喜び",
        volume=70,
        ramp=Ramp(20, 60.0),
        chime="bell",
        sound="birds.flac",
        repeat=Repeat(300.0, 6, 1800.0),
        snooze=540.0,
        skip_holidays="JP",
        except_dates=(
            Stretch(date(2026, 8, 13), date(2026, 8, 16)),
            Stretch(date(2000, 12, 29), date(2000, 1, 3), yearly=True),
        ),
        extra_dates=(Stretch(date(2026, 12, 30), date(2026, 12, 30)),),
        valid_from=date(2026, 4, 1),
        valid_until=date(2027, 3, 31),
        grace=3600.0,
        tell_missed=True,
        priority=Priority.URGENT,
    )
    assert len(json.loads(text)) == len(AlarmFields.model_fields) - len(RULES)  # all but hourly, minute, cron, once


def test_what_is_left_out_is_the_default() -> None:
    assert read_alarm_fields({"time": "7:00", "text": "時間です。"}).alarm("a") == Alarm(
        "a", Timed(time(7), DAILY), text="時間です。"
    )


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"time": "06:45:30"}, Timed(time(6, 45, 30), DAILY)),
        ({"time": "0:00", "days": ["mon-fri"]}, Timed(time(0), WEEKDAYS)),
        ({"hourly": True}, Hourly(tuple(range(24)), 0, DAILY)),
        ({"hourly": 8, "minute": 30.0}, Hourly((8,), 30, DAILY)),
        ({"hourly": "8-12,14-15", "days": "weekdays"}, Hourly((8, 9, 10, 11, 12, 14, 15), 0, WEEKDAYS)),
        ({"hourly": "22-2"}, Hourly((0, 1, 2, 22, 23), 0, DAILY)),
        ({"cron": "0 7 * * mon"}, read_cron("0 7 * * mon")),
        ({"once": "2026-12-31 23:59"}, Once(datetime(2026, 12, 31, 23, 59))),  # noqa: DTZ001
        ({"once": "2026-12-31T23:59:30"}, Once(datetime(2026, 12, 31, 23, 59, 30))),  # noqa: DTZ001
    ],
)
def test_the_rules(fields: dict[str, object], rule: Rule) -> None:
    assert read_alarm_fields(fields).rule() == rule


@pytest.mark.parametrize(
    ("fields", "ramp", "repeat", "chime"),
    [
        ({}, None, None, True),
        ({"text": "あ"}, None, None, None),
        ({"sound": "a.wav", "chime": False}, None, None, False),
        ({"ramp_from": 10}, Ramp(10, 60.0), None, True),
        ({"ramp_over": 30}, Ramp(0, 30.0), None, True),
        ({"repeat": "5 min"}, None, Repeat(300.0, None, 3600.0), True),
        ({"repeat": "2 h"}, None, Repeat(7200.0, None, 7200.0), True),
        ({"repeat": 300, "repeat_times": 3}, None, Repeat(300.0, 3, None), True),
    ],
)
def test_what_follows_from_what(
    fields: dict[str, object], ramp: Ramp | None, repeat: Repeat | None, chime: bool | None
) -> None:
    alarm = read_alarm_fields({"time": "7:00", **fields}).alarm("a")

    assert (alarm.ramp, alarm.repeat, alarm.chime) == (ramp, repeat, chime)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("time", "25:00", '"time" is "25:00"; allowed is a time of day such as 06:45 or 06:45:30.'),
        ("time", "7", '"time" is "7"; allowed is a time of day'),
        ("time", 700, '"time" is 700; allowed is a time of day'),
        ("days", "wen", '"days" is "wen": there is no day "wen", did you mean "wed"?'),
        ("days", 3, '"days" is 3; allowed is days such as mon, mon-fri, weekdays'),
        ("days", ["mon", 2], '"days" is a list; allowed is days such as'),
        ("days", [], '"days" is a list: it names no day.'),
        (
            "hourly",
            "8-24",
            '"hourly" is "8-24"; allowed is hours such as 8-21 or 8-12,14-21, from 0 to 23; true for all.',
        ),
        ("hourly", False, '"hourly" is false; allowed is hours'),
        ("minute", 60, '"minute" is 60; allowed is a whole number from 0 to 59.'),
        ("cron", "61 * * * *", '"cron" is "61 * * * *": the minute 61 is not within 0 to 59.'),
        ("cron", 5, '"cron" is 5; allowed is five fields as in crontab(5)'),
        ("once", "tomorrow", '"once" is "tomorrow"; allowed is a date and a time of day such as 2026-12-31 23:59.'),
        ("once", "2026-12-31 23:59+09:00", "allowed is a date and a time of day"),
        ("once", "2026-02-29 07:00", "allowed is a date and a time of day"),
        ("enabled", "yes", '"enabled" is "yes"; allowed is true or false.'),
        ("skip_holidays", True, '"skip_holidays" is true; allowed is JP, for the public holidays of Japan.'),
        (
            "except_dates",
            ["2026-1-1"],
            '"except_dates" is a list: "2026-1-1" is not a date; allowed is a list of dates',
        ),
        ("extra_dates", "02-30", '"02-30" is not a date; allowed is'),
        ("extra_dates", "2026-08-16..2026-08-13", "is not a date; allowed is"),
        ("extra_dates", 20260816, '"extra_dates" is 20260816; allowed is a list of dates'),
        ("extra_dates", ["01-01"] * 367, '"extra_dates" is a list: it has 367 dates, at most 366.'),
        ("valid_from", "2026", '"valid_from" is "2026"; allowed is a date such as 2026-12-31.'),
        ("valid_until", "soon", '"valid_until" is "soon"; allowed is a date such as 2026-12-31.'),
        ("text", "a\0b", 'The field "text" holds a NUL character (U+0000); leave it out.'),
        ("voice", "Alpha", '"voice" is "Alpha"; allowed is the name of a voice: 1 to 32 of a-z, 0-9, _ and -.'),
        ("style", "", '"style" is ""; allowed is 1 to 64 printable characters.'),
        ("volume", 101, '"volume" is 101; allowed is a whole number from 0 to 100.'),
        ("ramp_from", -1, '"ramp_from" is -1; allowed is a whole number from 0 to 100.'),
        ("ramp_over", "2 h", '"ramp_over" is "2 h"; allowed is 1 s to 1 h, as a number of seconds or with a unit'),
        ("chime", 5, '"chime" is 5; allowed is true, false or the name of a chime'),
        ("sound", "../x.wav", "allowed is the name of a file in the sound folder, without any folder."),
        ("repeat", "1 s", '"repeat" is "1 s"; allowed is 10 s to 1 d'),
        ("repeat_times", 0, '"repeat_times" is 0; allowed is a whole number from 1 to 1000.'),
        ("repeat_for", "2 weeks", '"repeat_for" is "2 weeks"; allowed is 10 s to 1 d'),
        ("snooze", 0, '"snooze" is 0; allowed is 10 s to 1 d'),
        ("grace", -1, '"grace" is -1; allowed is 0 s to 1 d'),
        ("tell_missed", 1, '"tell_missed" is 1; allowed is true or false.'),
        ("priority", "top", '"priority" is "top"; allowed is low, normal, high or urgent.'),
    ],
)
def test_a_value_that_is_not_allowed(field: str, value: object, message: str) -> None:
    rule = {} if field in RULES else {"hourly": True} if field == "minute" else {"time": "7:00"}

    error = refused(**rule, **{field: value})

    assert message in error.message
    assert (error.code, error.field) == ("bad_field", field)


def test_every_field_has_such_a_message() -> None:
    for name, field in AlarmFields.model_fields.items():
        assert field.description
        assert f'"{name}" is a list' in refused(**{name: [[]]}).message


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({}, None, "It is not said when the alarm rings: give time (and days), hourly, cron or once."),
        ({"days": "mon"}, None, "It is not said when the alarm rings"),
        (
            {"time": "7:00", "cron": "@daily"},
            "cron",
            "time and cron are both given: an alarm has one of time, hourly, cron, once.",
        ),
        ({"cron": "@daily", "days": "mon"}, "days", "days goes with time or hourly, not with cron."),
        ({"once": "2026-12-31 07:00", "days": "mon"}, "days", "days goes with time or hourly, not with once."),
        ({"time": "7:00", "minute": 5}, "minute", "minute goes with hourly, not with time."),
        (
            {"once": "2026-12-31 07:00", "extra_dates": "2027-01-01"},
            "extra_dates",
            "extra_dates do not go with once: give the alarm days, or make a second one.",
        ),
        (
            {"time": "7:00", "valid_from": "2027-01-01", "valid_until": "2026-12-31"},
            "valid_until",
            "valid_until 2026-12-31 is before valid_from 2027-01-01.",
        ),
        (
            {"time": "7:00", "repeat_times": 3},
            "repeat",
            "repeat_times and repeat_for limit a repeat: give repeat too, such as 5 min.",
        ),
        (
            {"time": "7:00", "repeat": 600, "repeat_for": 300},
            "repeat_for",
            "repeat_for is shorter than repeat: nothing would be repeated.",
        ),
        ({"time": "7:00", "chime": False}, "chime", "The alarm would make no sound: give text, chime or sound."),
    ],
)
def test_fields_that_do_not_fit_together(fields: dict[str, object], field: str | None, message: str) -> None:
    error = refused(**fields)

    assert error.message.startswith(message)
    assert (error.code, error.field) == ("missing_field" if field is None else "bad_field", field)


def test_an_unknown_field_and_everything_at_once() -> None:
    error = refused(tiem="7:00", volume="loud", zzz=1)

    assert (error.code, error.field) == ("bad_field", "volume")
    assert '"volume" is "loud"; allowed is a whole number from 0 to 100.' in error.message
    assert 'There is no field "tiem", did you mean "time"?' in error.message
    assert 'There is no field "zzz".' in error.message
    assert error.message.endswith(f"Fields are {', '.join(AlarmFields.model_fields)}.")


def test_a_patch_replaces_what_it_gives_and_null_takes_back() -> None:
    fields = read_alarm_fields({"time": "7:00", "days": "平日", "volume": 40, "grace": 60, "text": "起きて。"})

    patch = patched(fields, {"volume": 70, "grace": None, "days": None, "enabled": False})

    assert patch.written() == {"time": "7:00", "volume": 70, "text": "起きて。", "enabled": False}
    assert patch.alarm("a") == Alarm("a", Timed(time(7), DAILY), text="起きて。", volume=70, enabled=False)


@pytest.mark.parametrize(
    ("old", "patch", "new"),
    [
        ({"time": "7:00", "days": ["mon"]}, {"time": "7:30"}, {"time": "7:30", "days": ["mon"]}),
        ({"time": "7:00", "days": ["mon"]}, {"hourly": True}, {"hourly": "0-23", "days": ["mon"]}),
        ({"time": "7:00", "days": ["mon"]}, {"cron": "@daily"}, {"cron": "@daily"}),
        ({"hourly": "8", "minute": 5}, {"time": "7:00", "days": "tue"}, {"time": "7:00", "days": ["tue"]}),
        ({"cron": "@daily"}, {"once": "2026-12-31 07:00"}, {"once": "2026-12-31 07:00"}),
        ({"cron": "@daily"}, {"cron": None, "time": "7:00"}, {"time": "7:00"}),
    ],
)
def test_a_new_rule_takes_the_place_of_the_old_one(
    old: dict[str, Any], patch: dict[str, Any], new: dict[str, Any]
) -> None:
    assert patched(read_alarm_fields(old), patch).written() == new


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"time": None}, "It is not said when the alarm rings"),
        ({"time": "7:00", "cron": "@daily"}, "time and cron are both given"),
        ({"tme": "7:00"}, 'There is no field "tme"'),
        ({"volume": 500}, '"volume" is 500'),
    ],
)
def test_a_patch_may_be_wrong_too(patch: dict[str, object], message: str) -> None:
    with pytest.raises(PayloadError, match=message):
        patched(read_alarm_fields({"time": "6:00"}), patch)


_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(max_size=9))


@given(st.dictionaries(st.sampled_from(list(AlarmFields.model_fields)) | st.text(max_size=9), _values, max_size=6))
def test_anything_is_an_alarm_or_refused(fields: dict[str, object]) -> None:
    try:
        read = read_alarm_fields({"time": "7:00", **fields})
    except PayloadError as error:
        error.message.encode()
        return
    assert read.alarm("a").name == "a"
    assert read_alarm_fields(json.loads(json.dumps(read.written()))) == read
