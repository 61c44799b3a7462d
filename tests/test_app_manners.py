"""Order and manners, asserted in what a sound card in real time let be heard, and when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.fakecard import FakeCard
from tests.support.broker import Broker
from tests.support.daemon import Daemon, Home
from tests.support.waiting import wait_for

pytestmark = pytest.mark.realtime

SILENT_WITHIN = 0.150
"""Seconds from stop, skip or an urgent message to silence."""

LONG = "これから長い話をします。" + "まだまだ続きますので、どうぞそのままお聞きください。" * 6
PITCH = 7000
"""Hz of a tone that no partial of a chime comes near."""

FRAME = 480
"""Samples of sound looked at in one go: 10 ms."""

QUIET = 40
"""int16 steps below which nothing is heard."""


@pytest.fixture
def house(broker: Broker, home: Home, card: FakeCard, tmp_path: Path) -> Iterator[Daemon]:
    seconds = np.arange(10 * 48_000) / 48_000
    soundfile.write(tmp_path / "tone.wav", 0.3 * np.sin(2 * np.pi * PITCH * seconds), 48_000)
    config = {"queue": {"low_waits": 1.0}, "audio": {"sounds_dir": str(tmp_path)}}
    with Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env, config=config) as daemon:
        home.wait_online()
        yield daemon


def wait_for_sound(card: FakeCard, seconds: float) -> None:
    """Until that much sound that is not silence has been heard."""
    wait_for(lambda: np.count_nonzero(np.abs(card.heard()) > QUIET) > seconds * card.rate, 20)


def last_sound_after(card: FakeCard, moment: float, within: float = 0.6) -> float:
    """Seconds after `moment` (monotonic) at which the last sound in that time was heard; 0 where none was."""
    wait_for(lambda: card.frame_at(time.monotonic()) and time.monotonic() > moment + within, 5)
    start = card.frame_at(moment)
    after = np.abs(card.heard()[start : start + round(within * card.rate)])
    loud = np.flatnonzero(after > QUIET)
    return float(card.when(start + int(loud[-1])) - moment) if len(loud) else 0.0


@pytest.mark.parametrize("action", ["stop", "skip"])
def test_silence_comes_within_150_ms(house: Daemon, home: Home, card: FakeCard, action: str) -> None:
    home.say(LONG, id="long")
    wait_for_sound(card, 1.5)
    moment = time.monotonic()
    home.do(action)
    assert last_sound_after(card, moment) < SILENT_WITHIN
    assert home.wait_event("long", "cancelled")["note"] in ("stopped", "skipped")


def test_mute_silences_what_is_being_said(house: Daemon, home: Home, card: FakeCard) -> None:
    home.say(LONG, id="long")
    wait_for_sound(card, 0.5)
    moment = time.monotonic()
    home.set("mute", "ON")
    assert last_sound_after(card, moment) < 0.5  # the message has a way to go, too
    assert home.wait_event("long", "finished")["note"] == "muted"


def test_an_urgent_message_brings_silence_within_150_ms(house: Daemon, home: Home, card: FakeCard) -> None:
    home.say(id="tone", sound="tone.wav")
    wait_for_sound(card, 1.0)
    moment = time.monotonic()
    home.say(id="quake", chime="alert", priority="urgent")
    home.wait_event("quake", "finished")
    start = card.frame_at(moment)
    frames = card.heard()[start : start + card.rate // 2 // FRAME * FRAME].reshape(-1, FRAME)
    spectra = np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1))
    toned = np.flatnonzero(spectra[:, round(PITCH * FRAME / card.rate)] > 20_000)
    assert len(toned), "the tone was silent before anybody asked for it"
    assert card.when(start + (int(toned[-1]) + 1) * FRAME) - moment < SILENT_WITHIN
    home.do("stop")
    home.wait_event("tone", "cancelled")


def test_an_urgent_message_cuts_in_and_the_sentence_is_said_again(house: Daemon, home: Home, card: FakeCard) -> None:
    rest = "ここは途中で切られる二番目の文です。おしまい。"
    home.say(rest, id="rest")
    length = home.wait_event("rest", "finished")["times"]["audio"]
    first = len(card.heard()) / card.rate
    home.say("これは最初の文です。" + rest, id="cut")
    home.wait_event("cut", "started")
    wait_for(lambda: len(card.heard()) / card.rate > first + 2.8, 20)  # in the second sentence
    home.say(id="quake", chime="alert", priority="urgent")
    finished = home.wait_event("cut", "finished")
    order = [(one["id"], one["event_type"]) for one in home.events() if one["event_type"] != "accepted"]
    assert order[2:] == [
        ("cut", "started"),
        ("quake", "started"),
        ("quake", "finished"),
        ("cut", "started"),
        ("cut", "finished"),
    ]
    assert home.events("cut")[2]["note"] == "resumed"
    # it went on with the start of its second sentence: neither the whole nor what was left
    assert abs(finished["times"]["audio"] - length) < 0.05


def test_an_urgent_one_does_not_cut_an_urgent_one(house: Daemon, home: Home) -> None:
    home.say("最初の緊急のお知らせです。", id="first", priority="urgent")
    home.wait_event("first", "started")
    home.say("次の緊急のお知らせです。", id="second", priority="urgent")
    home.wait_event("second", "finished")
    order = [(one["id"], one["event_type"]) for one in home.events() if one["event_type"] != "accepted"]
    assert order == [("first", "started"), ("first", "finished"), ("second", "started"), ("second", "finished")]


def test_high_goes_to_the_front_and_low_waits_for_silence(house: Daemon, home: Home) -> None:
    home.say("最初です。", id="first")
    home.wait_event("first", "started")
    home.say("小さな用事です。", id="low", priority="low")
    home.say("普通です。", id="normal")
    home.say("大事です。", id="high", priority="high")
    home.wait_event("low", "finished", 20)
    order = [one["id"] for one in home.events() if one["event_type"] == "finished"]
    assert order == ["first", "high", "normal", "low"]
    finished = {one["id"]: one["at"] for one in home.events() if one["event_type"] == "finished"}
    started = {one["id"]: one["at"] for one in home.events() if one["event_type"] == "started"}
    assert started["low"] - finished["normal"] >= 1.0


def test_skip_goes_on_with_the_next_and_stop_ends_all(house: Daemon, home: Home, card: FakeCard) -> None:
    for number in range(4):
        home.say(LONG, id=f"n{number}")
    wait_for_sound(card, 0.5)
    home.do("skip")
    home.wait_event("n1", "started")
    wait_for(lambda: home.state().get("queue") == 2)
    home.do("stop")
    for number in range(1, 4):
        assert home.wait_event(f"n{number}", "cancelled")["note"] == "stopped"
    wait_for(lambda: home.state().get("state") == "idle")
    assert [one["id"] for one in home.events() if one["event_type"] == "started"] == ["n0", "n1"]
    home.say("まだ話せます。", id="after")
    home.wait_event("after", "finished")


def test_a_newer_key_replaces_one_that_waits(house: Daemon, home: Home) -> None:
    home.say("最初です。", id="first")
    home.wait_event("first", "started")
    for number in range(3):
        home.say(f"残り{number}分です。", id=f"n{number}", key="washer")
    home.wait_event("n2", "finished")
    assert [home.events(f"n{n}")[-1]["event_type"] for n in range(3)] == ["replaced", "replaced", "finished"]


def test_what_waits_too_long_is_reported(house: Daemon, home: Home, card: FakeCard) -> None:
    home.say(LONG, id="long")
    wait_for_sound(card, 0.2)
    home.say("もう遅い", id="late", expires_in=1)
    expired = home.wait_event("late", "expired", 5)
    assert "expires_in" in expired["note"]
    home.do("stop")


def test_the_chime_starts_at_once_and_no_syllable_is_lost(house: Daemon, home: Home, card: FakeCard) -> None:
    home.say("ただいまから放送を始めます。", id="chime", chime="ding")
    finished = home.wait_event("chime", "finished")
    assert home.events("chime")[1]["times"]["waited"] < 0.2
    wait_for(lambda: len(card.heard()) > 0)
    loud = np.flatnonzero(np.abs(card.heard()) > QUIET)
    sounding = (loud[-1] - loud[0]) / card.rate
    assert abs(sounding - finished["times"]["audio"]) < 0.25
