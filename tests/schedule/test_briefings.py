"""What is said where some sources fail, and the desk that has it composed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hayakoe_daemon.announcement import Announcement, Priority
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.clock import SYSTEM
from hayakoe_daemon.reader import Reader
from hayakoe_daemon.schedule import briefing_desk
from hayakoe_daemon.schedule.briefing_desk import BriefingDesk, Made
from hayakoe_daemon.schedule.briefing_fields import BriefingFields
from hayakoe_daemon.schedule.composer import NOTHING_KNOWN, NOTHING_TO_SAY, Composer
from hayakoe_daemon.schedule.sources.calendar import read_agenda
from hayakoe_daemon.schedule.sources.fields import SourceFields
from hayakoe_daemon.schedule.sources.look import Look, Standing
from hayakoe_daemon.schedule.sources.sources import Sources
from hayakoe_daemon.schedule.templates.errors import TemplateError
from tests.schedule.sources.test_calendar import ics
from tests.schedule.test_filters import FORECAST
from tests.support.waiting import wait_for
from tests.support.web_server import Page, WebServer

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 20, 7, 5, tzinfo=TOKYO).timestamp()


def good(name: str, value: Any, fallback: str = "") -> Look:
    return Look(name, "http", Standing.OK, value, 60.0, None, fallback)


def bad(name: str, fallback: str = "", standing: Standing = Standing.FAILED) -> Look:
    return Look(name, "http", standing, {"high": 99}, 99_999.0, "it broke", fallback)


def composer(*looks: Look, **briefings: str) -> Composer:
    found = Composer(lambda _: {look.name: look for look in looks})
    found.configure(TOKYO, [look.name for look in looks], briefings)
    return found


MORNING = """\
おはようございます。{{ now | date }}、{{ now | weekday }}、{{ now | clock }}です。
今日の最高気温は{{ weather.high | temperature }}です。{% if weather.rain >= 50 %}傘をお持ちください。{% endif %}
{% for event in diary.today %}
{{ event.begin | clock }}から{{ event.summary }}。
{% else %}
予定はありません。
{% endfor %}
よい一日を。
"""
WEATHER = good("weather", {"high": 16, "rain": 60}, "天気予報は取れませんでした。")
DIARY = good(
    "diary",
    {"today": [{"begin": datetime(2026, 11, 20, 9, 30, tzinfo=TOKYO), "summary": "歯医者"}]},
    "予定は分かりません",
)


def test_all_is_well() -> None:
    said = composer(WEATHER, DIARY).compose(MORNING, NOW, full=True)

    assert said.notes == ()
    assert said.text == (
        "おはようございます。11月20日、金曜日、7時5分です。\n今日の最高気温は16度です。傘をお持ちください。9時30分から歯医者。\nよい一日を。"
    )


@pytest.mark.parametrize("standing", [Standing.FAILED, Standing.STALE, Standing.WAITING])
def test_what_fails_is_said_once_and_the_rest_all_the_same(standing: Standing) -> None:
    weather = bad("weather", WEATHER.fallback, standing)
    said = composer(weather, DIARY).compose(MORNING, NOW, full=True)

    assert said.text == (
        "おはようございます。11月20日、金曜日、7時5分です。\n天気予報は取れませんでした。9時30分から歯医者。\nよい一日を。"
    )
    assert said.notes == (weather.trouble,)


def test_or_it_is_left_out() -> None:
    said = composer(bad("weather"), bad("diary")).compose(MORNING, NOW, full=True)

    assert said.text == "おはようございます。11月20日、金曜日、7時5分です。\nよい一日を。"
    assert said.notes == ("weather: it broke", "diary: it broke")


@pytest.mark.parametrize(
    ("value", "note"),
    [
        ({"rain": 10}, "has no attribute 'high'"),
        ({"high": None, "rain": 10}, "null is not a number"),
        ({"high": "n/a", "rain": 10}, '"n/a" is not a number'),
        ({"error": "not found"}, "has no attribute"),
        ([], "has no attribute"),
        ("<html>", "has no attribute"),
        (None, "has no attribute"),
    ],
)
def test_what_is_malformed_fails_too(value: Any, note: str) -> None:
    said = composer(good("weather", value, "天気は分かりません"), DIARY).compose(MORNING, NOW, full=True)

    assert "天気は分かりません。" in said.text
    assert said.text.endswith("9時30分から歯医者。\nよい一日を。")
    assert any(note in one for one in said.notes)


def test_a_fallback_in_the_template_itself() -> None:
    text = "{{ weather.high | default('不明') }}。{% if weather is defined %}天気。{% else %}なし。{% endif %}"
    assert composer(bad("weather")).compose(text, NOW, full=True).text == "不明。なし。"
    assert composer(WEATHER).compose(text, NOW, full=True).text == "16。天気。"


def test_it_is_never_empty() -> None:
    failed = composer(bad("weather")).compose("{{ weather.high }}度。", NOW, full=True)
    nothing = composer(WEATHER).compose("{% if weather.rain > 90 %}大雨。{% endif %}", NOW, full=True)

    assert (failed.text, failed.notes) == (NOTHING_KNOWN, ("weather: it broke",))
    assert (nothing.text, nothing.notes) == (NOTHING_TO_SAY, ())
    assert composer().compose("", NOW, full=True).text == ""


def test_an_error_of_the_template_leaves_out_its_sentence() -> None:
    said = composer().compose("はい。{{ 1 / 0 }}。{{ range(5000) | sum }}。いいえ。", NOW, full=True)

    assert said.text == "はい。いいえ。"
    assert said.notes == ("the template: division by zero", "the template: range has at most 1,000 numbers")


def test_a_template_that_cannot_be_read_is_said_without_its_values() -> None:
    said = composer(WEATHER).compose("はい。{{ weather | }}いいえ。", NOW, full=False)

    assert said.text == "はい。いいえ。"
    assert said.notes[0].startswith("the template cannot be used, line 1: ")


@pytest.mark.parametrize("text", ["100{%です", "{ 名前 }", "{# 注 #}", "a % b"])
def test_plain_texts_stay_as_they_are(text: str) -> None:
    assert composer().compose(text, NOW, full=False).text == text


def test_characters_that_nobody_can_say_go() -> None:
    looks = good("weather", {"name": "東\0京\ud800"})
    assert composer(looks).compose("{{ weather.name }}です。", NOW, full=False).text == "東京です。"


def test_what_sources_bring_is_never_a_template() -> None:
    hostile = good("note", "{{ 10**10**10 }}{% for i in range(1000) %}あ{% endfor %}")

    for full in (True, False):
        assert composer(hostile).compose("{{ note }}", NOW, full=full).text == hostile.value


REAL = """\
おはようございます。{{ today | date }}、{{ today | weekday }}です。
{% set sky = (weather | jma("東京地方")).today %}
今日の天気は{{ sky.weather }}。最高気温は{{ sky.high | temperature }}です。
予想では{{ meteo.daily.max[1] | compared(meteo.daily.max[0]) }}でしょう。
{% if sky.rain >= 50 %}降水確率は{{ sky.rain | percent }}です。傘を忘れないでください。{% endif %}
今、外は{{ outdoor.temperature | temperature }}です。
{% for event in family.today if "ゴミ" in event.summary %}今日は{{ event.summary }}の日です。{% endfor %}
{% for event in family.rest if "ゴミ" not in event.summary %}
{% if loop.first %}今日の予定です。{% endif %}
{% if not (event.all_day or event.running) %}{{ event.begin | clock }}から、{% endif %}
{{ event.summary }}。
{% else %}
今日の予定はありません。
{% endfor %}
{% if family.tomorrow %}明日は{{ family.tomorrow | map(attribute="summary") | listed }}があります。{% endif %}
"""


def test_a_morning_as_it_is_really_used() -> None:
    calendar = ics(
        "SUMMARY:燃えるゴミ\nDTSTART;VALUE=DATE:20261120",
        "SUMMARY:夜勤\nDTSTART;TZID=Asia/Tokyo:20261119T220000\nDTEND;TZID=Asia/Tokyo:20261120T090000",
        "SUMMARY:歯医者\nDTSTART;TZID=Asia/Tokyo:20261120T163000",
        "SUMMARY:ピアノ\nDTSTART;TZID=Asia/Tokyo:20261121T133000",
        "SUMMARY:映画\nDTSTART;TZID=Asia/Tokyo:20261121T183000",
    )
    said = composer(
        good("weather", FORECAST),
        good("meteo", {"daily": {"max": [12.1, 16.3]}}),
        good("outdoor", {"temperature": 4.2}),
        good("family", read_agenda(calendar, NOW, TOKYO).document(NOW)),
    ).compose(REAL, NOW, full=True)

    assert said.notes == ()
    assert said.text.replace("\n", "") == (
        "おはようございます。11月20日、金曜日です。今日の天気はくもり昼過ぎから晴れ、所により雨。最高気温は16度です。"
        "予想では昨日より4度高いでしょう。降水確率は60パーセントです。傘を忘れないでください。今、外は4.2度です。"
        "今日は燃えるゴミの日です。今日の予定です。夜勤。16時30分から、歯医者。明日はピアノと映画があります。"
    )
    utterances = [one.text for one in Reader({}, emoji_names=False).split(said.text)]
    assert "最高気温は十六度です。" in utterances
    assert "予想では昨日より四度高いでしょう。" in utterances
    assert len(utterances) == 13


def test_briefings_inside_of_other_texts() -> None:
    one = composer(
        bad("weather", "天気は分かりません。"), morning="おはよう。{{ weather.high }}度。", **{"a-b": "はい。"}
    )

    said = one.compose("{{ briefings.morning }}{{ briefings['a-b'] }}{{ briefings.morning }}", NOW, full=False)
    assert said.text == "おはよう。天気は分かりません。はい。おはよう。天気は分かりません。"
    assert said.notes == ("weather: it broke",)
    one.check("{{ briefings['a-b'] }}", full=False)
    with pytest.raises(TemplateError, match='there is no briefing "evening", there are morning, a-b'):
        one.check("{{ briefings.evening }}", full=False)


def test_one_that_holds_itself_says_no_more_than_that_it_cannot() -> None:
    one = composer(a="あ。{{ briefings.a }}。")

    with pytest.raises(TemplateError, match="a briefing cannot hold another one"):
        one.check_briefing("あ。{{ briefings.a }}。")
    assert one.compose("{{ briefings.a }}", NOW, full=True).text == "あ。"


def test_the_time_zone_is_that_of_the_house() -> None:
    one = composer()
    one.configure(ZoneInfo("America/New_York"), (), {})
    text = "{{ now | clock }}、{{ today | date }}、{{ tomorrow | day }}、{{ yesterday | day }}"
    assert one.compose(text, NOW, full=False).text == "17時5分、11月19日、明日、昨日"


# ------------------------------------------------------------------------------------------------------------ the desk


class Running:
    """A desk with its thread."""

    def __init__(self, folder: Path, sources: dict[str, dict[str, Any]], briefings: dict[str, dict[str, Any]]) -> None:
        keeper = Sources(folder, replace(SYSTEM, wall=lambda: NOW))
        self.desk = BriefingDesk(keeper, Composer(keeper.look), lambda: NOW, iter("abcdefgh").__next__)
        self.desk.configure(
            {name: SourceFields.model_validate(one) for name, one in sources.items()},
            {name: BriefingFields.model_validate(one) for name, one in briefings.items()},
            TOKYO,
        )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.made: list[Made] = []

    def _run(self) -> None:
        while not self._over.is_set():
            self.desk.step()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def last(self) -> Made:
        wait_for(lambda: self.made)
        return self.made.pop()


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def running(tmp_path: Path, server: WebServer) -> Iterator[Running]:
    server.pages["good"] = Page(b'{"high": 16}')
    server.pages["slow"] = Page(hang=True)
    one = Running(
        tmp_path,
        {
            "weather": {"http": server.url("good")},
            "slow": {"http": server.url("slow"), "timeout": 20, "fallback": "遅いです。"},
            "outdoor": {"mqtt": "z/outdoor"},
        },
        {
            "morning": {"text": "最高{{ weather.high }}度。", "volume": 60, "chime": True, "priority": "high"},
            "waiting": {"text": "最高{{ weather.high }}度。{{ slow.x }}"},
        },
    )
    yield one
    one.stop()


@pytest.mark.realtime
def test_a_briefing_becomes_an_announcement(running: Running) -> None:
    running.desk.ask("morning", running.made.append)
    assert running.last() == Announcement(
        id="morning-a",
        text="最高16度。",
        source="briefing",
        accepted_at=NOW,
        volume=60,
        chime=True,
        priority=Priority.HIGH,
        expires_at=NOW + briefing_desk.EXPIRES,
    )


@pytest.mark.realtime
def test_it_waits_for_its_sources_so_long_and_no_longer(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(briefing_desk, "WAIT", 0.5)
    began = time.monotonic()
    running.desk.ask("waiting", running.made.append)
    running.desk.ask("morning", running.made.append)
    wait_for(lambda: running.made)
    assert time.monotonic() - began < 0.45, "who needs less does not wait"
    wait_for(lambda: len(running.made) == 2)
    first, second = running.made
    assert isinstance(first, Announcement)
    assert isinstance(second, Announcement)
    assert (first.text, second.text) == ("最高16度。", "最高16度。遅いです。")


def test_one_that_nobody_wants_any_more_waits_for_no_source(running: Running) -> None:
    wanted = [True]
    running.desk.ask("waiting", running.made.append, lambda: wanted[0])
    wait_for(lambda: running.desk._pending)
    wanted[0] = False
    wait_for(lambda: running.made, briefing_desk.WAIT / 4)


def test_what_there_is_not_is_refused(running: Running) -> None:
    running.desk.ask("mornin", running.made.append)
    assert running.last() == Refused(
        "unknown_briefing", 'There is no briefing "mornin", did you mean "morning"?', "name"
    )


def test_texts_that_are_sent(running: Running) -> None:
    sent = Announcement(id="x", text="外は{{ outdoor | temperature }}です。", source="mqtt", accepted_at=NOW)
    running.desk.hear("z/outdoor", b"8.5", False)
    running.desk.fill(sent, running.made.append)
    filled = running.last()
    assert isinstance(filled, Announcement)
    assert (filled.id, filled.text) == ("x", "外は8.5度です。")

    for text, message in (
        ("{{ outdor }}", 'The text cannot be filled in, there is no source "outdor", did you mean outdoor?'),
        ("a\n{{ outdoor", "The text cannot be filled in, line 2: unexpected"),
        ("{{ 1 }}{% for i in outdoor %}{% endfor %}", "The text cannot be filled in, line 1: {% for %} is not part"),
    ):
        running.desk.fill(Announcement(id="x", text=text, source="mqtt", accepted_at=NOW), running.made.append)
        refused = running.last()
        assert isinstance(refused, Refused)
        assert (refused.code, refused.field) == ("bad_template", "text")
        assert refused.message.startswith(message)


@pytest.mark.realtime
def test_a_preview_shows_how_each_source_stands(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(briefing_desk, "WAIT", 0.5)
    assert running.desk.preview("waiting") == {
        "text": "最高16度。遅いです。",
        "notes": ["slow: it is being fetched"],
        "sources": [
            {"name": "weather", "kind": "http", "state": "ok", "age": 0.0, "why": None},
            {"name": "slow", "kind": "http", "state": "waiting", "age": None, "why": "it is being fetched"},
        ],
    }
    assert running.desk.preview("nothing")["code"] == "unknown_briefing"


def test_alarms_may_be_given_texts_at_run_time(running: Running) -> None:
    assert running.desk.refusal("{{ outdoor }}度です。{{ briefings.morning }}") is None
    assert running.desk.refusal("六時です。") is None
    assert running.desk.refusal("{{ outdoor.__class__ }") is not None
