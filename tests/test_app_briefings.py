"""Briefings in a running daemon: by MQTT, by the command, and after a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.support.broker import Broker
from tests.support.daemon import Daemon, Home
from tests.support.waiting import wait_for
from tests.support.web_server import Page, WebServer

MORNING = """\
おはようございます。
外は{{ outdoor.temperature | temperature }}、{{ outdoor.temperature | compared(0) }}です。
{{ weather.sentence }}。
"""


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        server.pages["weather"] = Page('{"sentence": "晴れです"}'.encode())
        yield server


def config(server: WebServer) -> dict[str, Any]:
    return {
        "time_zone": "Asia/Tokyo",
        "sources": {
            "outdoor": {"mqtt": "sensors/outdoor", "fallback": "外の気温は分かりません。"},
            "weather": {"http": server.url("weather"), "fallback": "天気予報は取れませんでした。"},
        },
        "briefings": {"morning": {"text": MORNING}},
    }


def said(daemon: Daemon) -> str:
    return str(json.loads(daemon.command("briefing", "morning", "--dry-run", "--json").stdout)["text"])


def samples(home: Home, folder: Path, text: str, id_: str) -> int:
    """How long that was when it was heard."""
    home.say(text, id=id_)
    home.wait_event(id_, "finished")
    (path,) = folder.glob(f"*-{id_}.wav")
    return int(soundfile.info(path).frames)


def test_a_briefing_from_mqtt_to_the_sound(tmp_path: Path, broker: Broker, home: Home, server: WebServer) -> None:
    heard = tmp_path / "heard"
    with Daemon(tmp_path / "daemon", broker, device=f"wav:{heard}", config=config(server)) as daemon:
        home.wait_online()
        assert said(daemon) == "おはようございます。\n外の気温は分かりません。晴れです。"
        home.watcher.publish("sensors/outdoor", '{"temperature": 8.5}')
        wait_for(lambda: "8.5度" in said(daemon))

        home.watcher.publish(home.topic("do/briefing/morning"), "PRESS", response_topic="answers/b", correlation=b"1")
        seen = home.watcher.wait("answers/b", lambda seen: seen.correlation == b"1")
        answer = json.loads(seen.payload)
        assert answer["status"] == "accepted"
        assert answer["id"].startswith("morning-")
        assert home.wait_event(answer["id"], "finished")["source"] == "briefing"
        assert list(heard.glob(f"*-{answer['id']}.wav"))

        assert server.url("weather") not in daemon.log(), "addresses of calendars are secrets"

        home.do("briefing/evening")
        refused = home.wait_error("unknown_briefing")
        assert refused["message"] == 'There is no briefing "evening"; there are morning.'


def test_texts_that_are_sent_may_hold_values(tmp_path: Path, broker: Broker, home: Home, server: WebServer) -> None:
    heard = tmp_path / "heard"
    with Daemon(tmp_path / "daemon", broker, device=f"wav:{heard}", config=config(server)) as daemon:
        home.wait_online()
        home.watcher.publish("sensors/outdoor", '{"temperature": -3}')
        wait_for(lambda: "マイナス3度" in said(daemon))
        filled = samples(home, heard, "今外は{{ outdoor.temperature | temperature }}です", "filled")
        assert filled == samples(home, heard, "今外はマイナス3度です", "by-hand")
        samples(home, heard, "{% if 1 %}そのまま{% endif %}", "plain")
        home.say("{{ outdoor.temperature + 1 }}", id="too-much")
        assert home.wait_error("bad_template")["field"] == "text"
        assert not home.events("too-much")
        home.watcher.publish(home.topic("alarm/wake/set"), '{"time": "06:00", "text": "{{ outdor }}"}')
        wait_for(lambda: any("did you mean outdoor?" in one["message"] for one in home.errors()))


def test_what_was_heard_outlives_a_restart_with_its_time(
    tmp_path: Path, broker: Broker, home: Home, server: WebServer
) -> None:
    with Daemon(tmp_path / "daemon", broker, config=config(server)) as daemon:
        home.wait_online()
        home.watcher.publish("sensors/outdoor", '{"temperature": 8.5}')
        wait_for(lambda: "8.5度" in said(daemon))
        assert daemon.stop() == 0
        kept = daemon.state / "sources" / "outdoor"
        assert json.loads(kept.read_bytes().split(b"\n")[0])["origin"] == "sensors/outdoor"

        by_itself = daemon.command("briefing", "morning", "--dry-run")
        assert by_itself.stdout.startswith(
            "おはようございます。\n外は8.5度、昨日より9度高いです。\n晴れです。\n\noutdoor  mqtt      ok, "
        )
        server.pages["weather"] = Page(status=500)
        daemon.start()
        assert said(daemon) == "おはようございます。\n外は8.5度、昨日より9度高いです。\n晴れです。"


def test_the_command_and_a_changed_config(tmp_path: Path, broker: Broker, home: Home, server: WebServer) -> None:
    with Daemon(tmp_path / "daemon", broker, config=config(server)) as daemon:
        home.wait_online()
        done = daemon.command("briefing", "morning")
        assert (done.returncode, done.stderr) == (0, "")
        home.wait_event(done.stdout.strip(), "finished")
        unknown = daemon.command("briefing", "mornin", "--dry-run")
        assert (unknown.returncode, unknown.stderr) == (
            1,
            'hayakoe-daemon: There is no briefing "mornin", did you mean "morning"?\n',
        )

        daemon.configure({"sources": {"indoor": {"mqtt": "sensors/indoor"}}})
        daemon.configure({"briefings": {"night": {"text": "中は{{ indoor | temperature }}です。"}}})
        daemon.reload()
        wait_for(lambda: "the config was reloaded" in daemon.log())
        home.wait_online()

        def night() -> str:
            home.watcher.publish("sensors/indoor", "21")
            return str(daemon.command("briefing", "night", "--dry-run", "--json").stdout)

        wait_for(lambda: "中は21度です。" in night())


def test_nobody_is_kept_waiting_by_a_source_that_hangs(
    tmp_path: Path, broker: Broker, home: Home, server: WebServer
) -> None:
    server.pages["weather"] = Page(hang=True)
    slow = config(server)
    slow["sources"]["weather"]["timeout"] = 2
    with Daemon(tmp_path / "daemon", broker, config=slow) as daemon:
        home.wait_online()
        home.do("briefing/morning")
        home.say("急ぎです", id="live")
        home.wait_event("live", "finished", 3)
        wait_for(
            lambda: any((one["source"], one["event_type"]) == ("briefing", "finished") for one in home.events()), 20
        )
        assert "天気予報は取れませんでした。" in said(daemon)


def test_a_value_that_is_sent_again_is_fresh_also_where_it_is_retained(
    tmp_path: Path, broker: Broker, home: Home
) -> None:
    house = {
        "sources": {"door": {"mqtt": "home/door", "max_age": "2 s", "fallback": "ドアは分かりません。"}},
        "briefings": {"morning": {"text": "ドアは{{ door }}です。"}},
    }
    with Daemon(tmp_path / "daemon", broker, config=house) as daemon:
        home.wait_online()
        home.watcher.publish("home/door", "閉", retain=True)
        wait_for(lambda: "分かりません" not in said(daemon))
        wait_for(lambda: "分かりません" in said(daemon))
        home.watcher.publish("home/door", "閉", retain=True)
        wait_for(lambda: "ドアは閉です。" in said(daemon))


def test_a_retained_value_that_came_just_before_a_power_cut_is_known_afterwards(
    tmp_path: Path, broker: Broker, home: Home
) -> None:
    house = {"sources": {"door": {"mqtt": "home/door"}}, "briefings": {"morning": {"text": "ドアは{{ door }}です。"}}}
    with Daemon(tmp_path / "daemon", broker, config=house) as daemon:
        home.wait_online()
        home.watcher.publish("home/door", "開", retain=True)
        wait_for(lambda: said(daemon) == "ドアは開です。")
        daemon.kill()
        daemon.start()
        wait_for(lambda: said(daemon) == "ドアは開です。")
