"""From an MQTT message to its answer, its events and its sound, as a home would send them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.broker import Broker, Watcher
from tests.support.daemon import Daemon, Home
from tests.support.waiting import wait_for


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Home]]:
    """One daemon for the whole module; it writes what would be heard to files."""
    folder = tmp_path_factory.mktemp("house")
    sounds = folder / "sounds"
    sounds.mkdir()
    time = np.arange(24_000) / 48_000
    soundfile.write(sounds / "bell.flac", 0.3 * np.sin(2 * np.pi * 500 * time), 48_000)
    config = {"audio": {"sounds_dir": str(sounds)}, "queue": {"low_waits": 0}}
    with (
        Broker(folder / "broker") as broker,
        Watcher(broker) as watcher,
        Daemon(folder / "daemon", broker, device=f"wav:{folder}/heard", config=config) as daemon,
    ):
        home = Home(watcher)
        home.wait_online()
        yield daemon, home


@pytest.fixture
def home(house: tuple[Daemon, Home]) -> Home:
    return house[1]


@pytest.fixture
def daemon(house: tuple[Daemon, Home]) -> Daemon:
    return house[0]


def heard(daemon: Daemon, id_: str) -> float:
    """Seconds of sound in the file of that announcement."""
    (path,) = (daemon.folder.parent / "heard").glob(f"*-{id_}.wav")
    samples, rate = soundfile.read(path)
    assert np.abs(samples).max() > 0.05
    return float(len(samples) / rate)


def answer(home: Home, topic: str, payload: str, correlation: bytes) -> dict[str, object]:
    home.watcher.publish(home.topic(topic), payload, response_topic="answers/here", correlation=correlation)
    seen = home.watcher.wait("answers/here", lambda seen: seen.correlation == correlation)
    return dict(json.loads(seen.payload))


def test_plain_text_is_spoken(home: Home, daemon: Daemon) -> None:
    before = len(home.events())
    home.watcher.publish(home.topic("say"), "洗濯が終わりました")
    finished = wait_for(lambda: next((one for one in home.events()[before:] if one["event_type"] == "finished"), None))
    assert finished is not None
    assert finished["engine"] == "embedded"
    assert finished["source"] == "mqtt"
    assert finished["kind"] == "announcement"
    assert 1.0 < heard(daemon, finished["id"]) < 3.0


def test_events_come_in_order_and_tell_times(home: Home) -> None:
    home.say("お風呂が沸きました", id="bath")
    home.wait_event("bath", "finished")
    events = home.events("bath")
    assert [one["event_type"] for one in events] == ["accepted", "started", "finished"]
    assert events[0]["at"] <= events[1]["at"] <= events[2]["at"]
    assert 0 < events[2]["times"]["first_sample"] < 5
    assert not any(seen.retain for seen in home.watcher.on(home.topic("event")))


def test_the_answer_goes_to_the_response_topic(home: Home) -> None:
    assert answer(home, "say", '{"text": "はい", "id": "with-answer"}', b"c1") == {
        "status": "accepted",
        "id": "with-answer",
    }
    home.wait_event("with-answer", "finished")
    again = answer(home, "say", '{"text": "はい", "id": "with-answer"}', b"c2")
    assert again == {"status": "accepted", "id": "with-answer", "duplicate": True}
    assert answer(home, "do/clear", "", b"c3") == {"status": "done"}
    refused = answer(home, "set/volume", "loud", b"c4")
    assert (refused["status"], refused["field"]) == ("error", "volume")
    assert [one["event_type"] for one in home.events("with-answer")].count("finished") == 1


def test_equal_texts_are_spoken_each_time(home: Home) -> None:
    before = len([one for one in home.events() if one["event_type"] == "finished"])
    for _ in range(3):
        home.watcher.publish(home.topic("say"), "ピンポン")
    wait_for(lambda: len([one for one in home.events() if one["event_type"] == "finished"]) == before + 3)


@pytest.mark.parametrize(
    ("payload", "code", "field"),
    [
        ('{"text": 5}', "bad_field", "text"),
        ('{"txt": "はい"}', "unknown_field", "txt"),
        ('{"text": "はい", "volume": 101}', "bad_field", "volume"),
        ('{"text": "はい", "chime": "gong"}', "bad_field", "chime"),
        ('{"text": "はい", "sound": "none.wav"}', "bad_field", "sound"),
        ('{"text": "はい", "sound": "../../etc/passwd"}', "bad_field", "sound"),
        ("あ" * 10_001, "too_long", "text"),
        ("{", "bad_json", None),
    ],
)
def test_a_bad_message_is_one_error_that_names_the_field(
    home: Home, payload: str, code: str, field: str | None
) -> None:
    before = len(home.errors())
    home.watcher.publish(home.topic("say"), payload)
    wait_for(lambda: len(home.errors()) > before)
    (error,) = home.errors()[before:]
    assert (error["code"], error.get("field")) == (code, field)
    assert error["message"]
    assert error["source"] == "mqtt"


def test_a_chime_or_a_sound_alone_is_a_whole_message(home: Home, daemon: Daemon) -> None:
    home.say(id="doorbell", chime="dingdong")
    home.say(id="bell", sound="bell.flac")
    home.say("お客様です", id="both", chime=True, sound="bell.flac")
    for id_ in ("doorbell", "bell", "both"):
        assert "note" not in home.wait_event(id_, "finished")
    assert 0.9 < heard(daemon, "doorbell") < 2.0
    assert 0.4 < heard(daemon, "bell") < 0.7
    assert heard(daemon, "both") > 2.0


@pytest.mark.parametrize("text", ["", "。、！？", "🎉🎉", " \n\t "])
def test_nothing_to_say_finishes_with_a_note(home: Home, text: str) -> None:
    id_ = f"nothing-{len(text)}-{len(home.events())}"
    home.say(text, id=id_)
    finished = home.wait_event(id_, "finished")
    assert finished["note"] == "there was nothing to say"


def test_an_unknown_voice_speaks_with_the_default_and_says_so(home: Home) -> None:
    home.say("声を替えます", id="unknown-voice", voice="nobody")
    finished = home.wait_event("unknown-voice", "finished")
    assert finished["engine"] == "embedded"
    assert "nobody" in finished["note"]


def test_speed_and_volume_of_one_message(home: Home, daemon: Daemon) -> None:
    text = "洗濯物を取り込んでください"
    home.say(text, id="slow", speed=0.5)
    home.say(text, id="fast", speed=2.0)
    for id_ in ("slow", "fast"):
        home.wait_event(id_, "finished")
    assert 3 < heard(daemon, "slow") / heard(daemon, "fast") < 5


def test_ruby_and_pause(home: Home, daemon: Daemon) -> None:
    home.say("はい[pause 1500]いいえ", id="rest")
    home.say("はい、いいえ", id="comma")
    home.say("｜一日《ついたち》", id="ruby")
    for id_ in ("rest", "comma", "ruby"):
        home.wait_event(id_, "finished")
    assert heard(daemon, "rest") > heard(daemon, "comma") + 0.8


def test_settings_are_kept_until_reset(home: Home, daemon: Daemon) -> None:
    home.set("volume", "30")
    wait_for(lambda: home.state().get("volume") == 30)
    assert "volume is 30, the config says 100" in daemon.command("check-config").stdout
    assert daemon.command("reset", "volume").returncode == 0
    wait_for(lambda: home.state().get("volume") == 100)
    assert "the config says" not in daemon.command("check-config").stdout


def test_muted_announcements_finish_at_once_and_urgent_ones_speak(home: Home, daemon: Daemon) -> None:
    home.set("mute", "ON")
    wait_for(lambda: home.state().get("mute") is True)
    home.say("聞こえません", id="muted")
    home.say("地震です", id="quake", priority="urgent")
    assert home.wait_event("muted", "finished")["note"] == "muted"
    assert "note" not in home.wait_event("quake", "finished")
    home.set("mute", "OFF")
    wait_for(lambda: home.state().get("mute") is False)
    assert not list((daemon.folder.parent / "heard").glob("*-muted.wav"))


def test_retained_commands_are_ignored_with_a_warning(home: Home) -> None:
    before = len(home.events())
    home.watcher.publish(home.topic("say"), "毎回言います", retain=True)
    error = home.wait_error("retained")
    assert "retain" in error["message"]
    home.watcher.publish(home.topic("say"), "", retain=True)
    home.say("次", id="after-retained")
    home.wait_event("after-retained", "finished")
    assert {one["id"] for one in home.events()[before:]} == {"after-retained"}


def test_repeat_says_the_last_one_again(home: Home, daemon: Daemon) -> None:
    home.say("もう一度言います", id="to-repeat")
    home.wait_event("to-repeat", "finished")
    home.do("repeat", "PRESS")
    again = wait_for(
        lambda: next(
            (one for one in home.events() if one["source"] == "repeat" and one["event_type"] == "finished"), None
        )
    )
    assert again is not None
    assert abs(heard(daemon, again["id"]) - heard(daemon, "to-repeat")) < 0.05


def test_the_brokers_expiry_counts(home: Home) -> None:
    home.watcher.publish(home.topic("say"), '{"text": "短い命", "id": "expiry"}', expiry=100)
    home.wait_event("expiry", "finished")


def test_a_voice_that_is_not_there_cannot_be_set(home: Home) -> None:
    refused = answer(home, "set/voice", "nobody", b"voice")
    assert (refused["code"], refused["field"]) == ("bad_field", "voice")
    assert answer(home, "set/voice", "embedded", b"voice2") == {"status": "done"}


def test_unknown_actions_and_things_are_named(home: Home) -> None:
    home.do("explode")
    assert "explode" in home.wait_error("unknown_action")["message"]
    home.set("colour", "red")
    assert "colour" in home.wait_error("unknown_setting")["message"]


def test_state_and_availability_are_retained(home: Home, house: tuple[Daemon, Home]) -> None:
    with Watcher(home.watcher._broker, (home.topic("#"),)) as late:
        assert late.wait(home.topic("status")).text == "online"
        assert late.wait(home.topic("audio")).text == "online"
        state = json.loads(late.wait(home.topic("state")).payload)
        assert {"state", "text", "queue", "voice", "volume", "mute", "latency"} <= set(state)
        assert not late.on(home.topic("event"))


def test_commands_talk_to_the_daemon(home: Home, daemon: Daemon, tmp_path: Path) -> None:
    said = daemon.command("say", "コマンドから", "--id", "from-cli", "--wait")
    assert (said.returncode, said.stdout.strip()) == (0, "from-cli"), said.stderr
    assert home.wait_event("from-cli", "finished")["source"] == "control"
    assert daemon.command("queue").stdout == "Nothing is being said and nothing waits.\n"
    refused = daemon.command("say", "音", "--volume", "300")
    assert refused.returncode == 1
    assert "volume" in refused.stderr
    for command in ("stop", "skip", "clear"):
        assert daemon.command(command).returncode == 0
    assert daemon.command("set", "mute", "perhaps").returncode == 1
    assert (daemon.socket.stat().st_mode & 0o777) == 0o660

    into_file = daemon.command("say", "ファイルへ", "--wav", str(tmp_path / "a.wav"))
    assert into_file.returncode == 0, into_file.stderr
    assert soundfile.info(tmp_path / "a.wav").duration > 0.5


def test_who_waits_is_told_what_was_otherwise(daemon: Daemon) -> None:
    other = daemon.command("say", "あ", "--wait", "--voice", "nobody")
    assert (other.returncode, other.stderr) == (0, "note: there is no voice nobody; there are: embedded\n")
    assert daemon.command("set", "mute", "ON").returncode == 0
    muted = daemon.command("say", "あ", "--wait")
    assert daemon.command("set", "mute", "OFF").returncode == 0
    assert (muted.returncode, muted.stderr) == (0, "note: muted\n")


def test_a_second_daemon_on_the_same_state_is_refused(daemon: Daemon) -> None:
    second = daemon.command("run")
    assert second.returncode == 1
    assert "already" in second.stderr
