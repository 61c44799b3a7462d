from __future__ import annotations

from pathlib import Path

from hayakoe_daemon.doctor.daemon import Unreachable
from hayakoe_daemon.doctor.sound import Output, examine_sound
from hayakoe_daemon.doctor.sound_trial import Trial, try_device
from tests.doctor.house import daemon, told
from tests.fakecard import FakeCard, environment, instant_capture
from tests.support.waiting import wait_for

NOBODY = Unreachable("no daemon")


def test_a_card_is_tried_with_silence(card: FakeCard) -> None:
    def in_time() -> Trial | None:
        """None where this machine was too busy to keep the card fed."""
        trial = try_device("fakehw", None, card.env)
        return trial if 0.01 < trial.latency < 0.4 and trial.tail < 0.4 and 0.8 < trial.pace < 1.2 else None

    trial = wait_for(in_time, 60.0)
    assert trial.rate == 48_000
    assert trial.channels == 1
    assert len(card.heard()) > 0.5 * trial.rate
    assert not card.heard().any()


def test_a_card_that_is_well_is_ok(card: FakeCard) -> None:
    def found() -> list[tuple[str, str]]:
        return told(examine_sound(Output("fakehw"), NOBODY, card.env))

    # On a machine that is busy with tests a card does starve now and then, which is told.
    [(_, means)] = wait_for(lambda: all_told if (all_told := found())[0][0] == "ok" else None, 60.0)
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
    found = told(examine_sound(both, NOBODY, environment(cards)))
    assert found[0][0] == "failure"
    assert found[1][1].startswith("hall opens in")
    assert "another program" in found[0][1]
    [(verdict, means)] = told(examine_sound(Output("cellar"), NOBODY, cards[0].env))
    assert (verdict, "cellar is not there" in means) == ("failure", True)


def test_a_card_that_stands_still(card: FakeCard) -> None:
    card.fault("stall")
    [(verdict, means)] = told(examine_sound(Output("fakehw"), NOBODY, card.env))
    assert (verdict, "did not get through half a second" in means) == ("failure", True)


def test_a_device_that_only_takes_files(tmp_path: Path) -> None:
    env, _ = instant_capture(tmp_path)
    assert try_device("capture", None, env).rate == 48_000
    wait_for(lambda: "it is not a sound card" in told(examine_sound(Output("capture"), NOBODY, env))[0][1], 60.0)


def test_the_device_of_a_daemon_is_its_own() -> None:
    state = {"audio": "online", "device": "hw:CARD=x", "latency": {"first_sample": 0.31}}
    [(verdict, means)] = told(examine_sound(Output("hw:CARD=x"), daemon(state)))
    assert (verdict, "heard after 0.31 s" in means) == ("ok", True)
    [(verdict, means)] = told(examine_sound(Output("x"), daemon({"audio": "offline", "device": "it was pulled"})))
    assert (verdict, "it was pulled" in means) == ("failure", True)


def test_the_device_of_a_daemon_that_cannot_be_asked_is_left_alone(card: FakeCard) -> None:
    [(verdict, means)] = told(examine_sound(Output("fakehw"), Unreachable("locked", runs=True), card.env))
    assert (verdict, "was not tried" in means) == ("warning", True)
    assert len(card.heard()) == 0


def test_where_nothing_is_heard(tmp_path: Path) -> None:
    assert told(examine_sound(Output("null:"), NOBODY))[0][0] == "warning"
    assert told(examine_sound(Output(f"wav:{tmp_path}/heard"), NOBODY))[0][0] == "warning"
    assert told(examine_sound(Output(f"wav:{__file__}/heard"), NOBODY))[0][0] == "failure"
