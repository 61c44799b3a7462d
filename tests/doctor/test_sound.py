from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.doctor.daemon import Unreachable
from hayakoe_daemon.doctor.sound import Output, examine_sound
from hayakoe_daemon.doctor.sound_trial import try_device
from tests.doctor.house import daemon, told
from tests.fakecard import FakeCard, environment, instant_capture

NOBODY = Unreachable("no daemon")


def test_a_card_is_tried_with_silence(card: FakeCard) -> None:
    trial = try_device("fakehw", None, card.env)
    assert trial.rate == 48_000
    assert 0.01 < trial.latency < 0.4
    assert 0.0 <= trial.tail < 0.4
    assert 0.8 < trial.pace < 1.2
    assert len(card.heard()) > 0
    assert not card.heard().any()
    [(verdict, means)] = told(examine_sound(Output("fakehw"), NOBODY, card.env))
    assert verdict == "ok"
    assert "at 48000 Hz; latency" in means


def test_a_card_that_opens_at_another_rate(tmp_path: Path) -> None:
    card = FakeCard(tmp_path, rate=44_100)
    [(verdict, means)] = told(examine_sound(Output("fakehw", rate=96_000), NOBODY, card.env))
    assert verdict == "warning"
    assert "at 44100 Hz" in means
    assert "asks for 96000 Hz" in means


def test_a_card_that_is_busy_or_gone(tmp_path: Path) -> None:
    cards = [FakeCard(tmp_path, name="kitchen"), FakeCard(tmp_path, name="hall")]
    cards[0].fault("busy")
    both = Output("kitchen", second_device="hall")
    found = told(examine_sound(both, Unreachable("locked", runs=True), environment(cards)))
    assert [verdict for verdict, _ in found] == ["failure", "ok"]
    assert "another program" in found[0][1]
    assert "The daemon that runs here" in found[0][1]
    [(verdict, means)] = told(examine_sound(Output("cellar"), NOBODY, cards[0].env))
    assert (verdict, "cellar is not there" in means) == ("failure", True)


def test_a_card_that_stands_still(card: FakeCard) -> None:
    card.fault("stall")
    [(verdict, means)] = told(examine_sound(Output("fakehw"), NOBODY, card.env))
    assert (verdict, "did not get through half a second" in means) == ("failure", True)


def test_a_device_that_only_takes_files(tmp_path: Path) -> None:
    env, _ = instant_capture(tmp_path)
    [(verdict, means)] = told(examine_sound(Output("capture"), NOBODY, env))
    assert (verdict, "no sound card" in means) == ("warning", True)


def test_the_device_of_a_daemon_is_its_own() -> None:
    state = {"audio": "online", "device": "hw:CARD=x", "latency": {"first_sample": 0.31}}
    [(verdict, means)] = told(examine_sound(Output("hw:CARD=x"), daemon(state)))
    assert (verdict, "heard after 0.31 s" in means) == ("ok", True)
    [(verdict, means)] = told(examine_sound(Output("x"), daemon({"audio": "offline", "device": "it was pulled"})))
    assert (verdict, "it was pulled" in means) == ("failure", True)


def test_where_nothing_is_heard(tmp_path: Path) -> None:
    assert told(examine_sound(Output("null:"), NOBODY))[0][0] == "warning"
    assert told(examine_sound(Output(f"wav:{tmp_path}/heard"), NOBODY))[0][0] == "warning"
    assert told(examine_sound(Output(f"wav:{__file__}/heard"), NOBODY))[0][0] == "failure"
