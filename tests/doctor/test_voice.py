from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hayakoe_daemon.doctor import rehearsal, voice
from hayakoe_daemon.doctor.daemon import Unreachable
from hayakoe_daemon.doctor.rehearsal import NoRehearsal, Part, Rehearsed, rehearse
from hayakoe_daemon.doctor.voice import examine_bundled, examine_last_speech, examine_voices
from tests.doctor.house import daemon, told
from tests.support.installed import add_bert, add_voices

REACH_OUT = """\
import json, socket, sys
from hayakoe_daemon.doctor import rehearsal
noted = rehearsal._refuse_sockets()
for call in (lambda: socket.create_connection(("192.0.2.1", 80), 1), lambda: socket.getaddrinfo("example.org", 80)):
    try:
        call()
    except OSError as error:
        print(error.strerror)
socket.socketpair()
print(len(noted))
"""


def test_the_embedded_voice_speaks_with_the_network_cut_off() -> None:
    rehearsed = rehearse(Part(), patience=60.0)
    assert rehearsed.audio > 5.0
    assert rehearsed.asked_for == ()
    assert 0.0 < rehearsed.rtf < 20.0
    assert rehearsed.peak > 30
    if os.geteuid() == 0:
        assert rehearsed.isolated
    found = told(examine_voices([Part()], lambda _: rehearsed))
    assert found[0][0] == "ok"
    assert "embedded spoke" in found[0][1]


def test_whatever_reaches_out_is_refused_and_noted() -> None:
    done = subprocess.run([sys.executable, "-c", REACH_OUT], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["the network is cut off", "the network is cut off", "2"]


def test_the_namespace_has_no_network() -> None:
    program = (
        "from hayakoe_daemon.doctor import rehearsal; import pathlib\n"
        "if rehearsal._leave_the_network():"
        " print(len(pathlib.Path('/proc/self/net/dev').read_text().splitlines()) - 2)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() in ("1", "")  # lo alone, or the kernel does not allow it


def test_a_voice_that_does_not_speak_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoRehearsal, match='there is no voice "beta"'):
        rehearse(Part("beta", str(tmp_path), str(tmp_path)), patience=60.0)
    with pytest.raises(NoRehearsal, match="within 0 s"):
        rehearse(Part(), patience=0.01)

    def fails(_: Part) -> Rehearsed:
        raise NoRehearsal("its dictionary is gone")

    [found] = examine_voices([Part()], fails)
    assert str(found.verdict) == "failure"
    assert "its dictionary is gone" in found.means


def test_a_neural_voice_speaks_too(tmp_path: Path) -> None:
    add_voices(tmp_path / "voices", "alpha")
    add_bert(tmp_path / "voices")
    rehearsed = rehearse(Part("alpha", str(tmp_path / "voices"), str(tmp_path / "prepared")), patience=60.0)
    assert rehearsed.audio > 1.0
    assert not (tmp_path / "prepared").exists()


@pytest.mark.parametrize(("compute", "verdict"), [(0.2, "ok"), (0.8, "warning"), (1.5, "warning")])
def test_how_fast_it_is(compute: float, verdict: str) -> None:
    rehearsed = Rehearsed(True, (), loaded_in=1.0, audio=2.0, compute=2.0 * compute, peak=120, busy=0.1)
    assert told(examine_voices([Part()], lambda _: rehearsed))[1][0] == verdict
    assert told(examine_last_speech(daemon({"latency": {"rtf": compute}, "last_engine": "alpha"})))[0][0] == verdict


def test_what_asks_for_the_network_is_told() -> None:
    asked = Rehearsed(False, ("('192.0.2.1', 80)",), loaded_in=1.0, audio=2.0, compute=1.0, peak=120, busy=0.1)
    assert told(examine_voices([Part()], lambda _: asked))[0][0] == "warning"


def test_what_the_daemon_said_last() -> None:
    assert told(examine_last_speech(Unreachable("none"))) == []
    assert told(examine_last_speech(daemon()))[0][0] == "ok"


def test_every_installed_file_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(examine_bundled())[0][0] == "ok"
    monkeypatch.setattr(voice, "_BUNDLED", ("pyopenjtalk-plus", "no-such-package"))
    assert told(examine_bundled())[0] == ("failure", "1 installed files are gone, such as no-such-package")


def test_the_sentence_needs_all_that_is_bundled() -> None:
    assert "Wi-Fi" in rehearsal.SENTENCE
    assert "℃" in rehearsal.SENTENCE
