"""A card that works: opening, resting, closing, and what the player costs."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hayakoe_daemon.audio.alsa import AlsaSink
from hayakoe_daemon.audio.player_process import player_environment
from hayakoe_daemon.audio.sink import SinkLost
from tests.audio.conftest import RATE, is_ready, player_pid, ramp, tone, wait_until
from tests.fakecard import FakeCard, instant_capture

pytestmark = pytest.mark.realtime

_log = logging.getLogger(__name__)

Open = Callable[..., AlsaSink]


def resident(pid: int) -> int:
    """Bytes."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def test_no_first_and_no_last_sample_is_lost(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa(lead_in=0.1)
    sink.begin("ramp")
    sink.write(ramp(0.4))
    sink.finish()
    heard = card.heard()
    loud = np.flatnonzero(heard)
    assert loud[0] >= 0.1 * RATE
    wanted = np.arange(1, round(0.4 * RATE) + 1) + 5_000
    fade = round(0.005 * RATE)  # the first sample of a fade is 0, and what follows the last is one too
    start = loud[0] - 1
    assert (heard[start + fade : start + len(wanted)] == wanted[fade:]).all()
    assert not heard[start + len(wanted) + fade :].any()


def test_no_lead_in_while_the_device_is_open(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa(lead_in=0.3)
    sink.begin("one")
    sink.write(tone(0.1))
    sink.finish()
    before = len(card.heard())
    since = time.monotonic()
    sink.begin("two")
    sink.write(tone(0.1))
    sink.finish()
    assert card.when(before + int(np.flatnonzero(card.heard()[before:])[0])) - since < 0.15


def test_edges_do_not_click(card: FakeCard, open_alsa: Open) -> None:
    flat = ramp(0.2)
    flat.samples[:] = 0.5
    sink = open_alsa()
    for _ in range(2):
        sink.begin("flat")
        sink.write(flat)
        sink.finish()
    wait_until(lambda: not card.heard()[-100:].any())
    assert np.abs(np.diff(card.heard().astype(np.int64))).max() < 32767 * 0.01


def test_write_paces_the_caller(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    sink.begin("paced")
    written = 0.0
    for _ in range(10):
        sink.write(tone(0.1))
        written += 0.1
        assert written - sink.position < 0.4
    sink.finish()


def test_idle_device_is_given_back_and_opened_again(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa(idle_close=0.2)
    sink.begin("one")
    sink.write(tone(0.1))
    sink.finish()
    sink.tend()
    pid = player_pid(sink)
    wait_until(lambda: sink.tend() or not sink._is_open)  # type: ignore[func-returns-value]
    heard = len(card.heard())
    time.sleep(0.1)
    assert len(card.heard()) == heard
    assert player_pid(sink) == pid
    sink.begin("two")
    sink.write(tone(0.1))
    sink.finish()
    assert np.count_nonzero(card.heard()[heard:]) == pytest.approx(0.1 * RATE, abs=0.005 * RATE)


def test_hold_device_keeps_it(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa(idle_close=0.0, hold_device=True)
    sink.begin("one")
    sink.finish()
    sink.tend()
    heard = len(card.heard())
    wait_until(lambda: len(card.heard()) > heard)
    assert sink._is_open


def test_idle_card_pulled_is_noticed(tmp_path: Path, card: FakeCard, open_alsa: Open) -> None:
    """The card `Home` is not one that PortAudio lists, so it is not opened here."""
    asound = tmp_path / "asound"
    asound.mkdir()
    (asound / "Home").symlink_to("card3")
    sink = open_alsa("hw:CARD=Home,DEV=0", proc_asound=asound)
    sink._tried = True
    sink.tend()
    (asound / "Home").unlink()
    with pytest.raises(SinkLost, match="hw:CARD=Home,DEV=0 was unplugged"):
        sink.tend()
    with pytest.raises(SinkLost, match="not there"):
        sink.resume()


def test_a_player_that_dies_unseen_costs_no_sentence(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    wait_until(lambda: is_ready(sink))
    os.kill(player_pid(sink), signal.SIGKILL)
    sink.begin("one")
    sink.write(tone(0.1))
    sink.finish()
    assert sink.position == pytest.approx(0.1)


def test_a_player_that_cannot_start_is_told_and_not_started_in_a_loop(
    tmp_path: Path, card: FakeCard, open_alsa: Open
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    sink = open_alsa(environment={**card.env, "PYTHONPATH": str(tmp_path)})
    with pytest.raises(SinkLost, match="apt install libportaudio2"):
        sink.tend()
    (tmp_path / "sounddevice.py").unlink()
    sink.resume()


def test_a_player_that_dies_idle_is_replaced(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    os.kill(player_pid(sink), signal.SIGKILL)
    wait_until(lambda: sink.tend() or is_ready(sink))  # type: ignore[func-returns-value]
    sink.begin("one")
    sink.write(tone(0.1))
    sink.finish()
    assert sink.position == pytest.approx(0.1)


def test_twenty_players_leak_nothing(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    sink._tried = True  # the device is not what is tested
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208, a count
    pids = []
    for _ in range(20):
        pids.append(player_pid(sink))
        os.kill(pids[-1], signal.SIGKILL)
        sink._start_at = 0.0  # do not wait, as for one that ends again and again
        wait_until(lambda old=pids[-1]: sink.tend() or (sink._player is not None and player_pid(sink) != old))  # type: ignore[misc, func-returns-value]
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208, a count
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]  # no zombies


def test_the_player_is_small(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    sink.begin("one")
    sink.write(tone(0.2))
    sink.finish()
    _log.info("the player takes %.1f MB", resident(player_pid(sink)) / 1e6)
    assert resident(player_pid(sink)) < 35e6


def test_the_player_imports_no_numpy() -> None:
    code = "import sys, hayakoe_daemon.audio.player as p; sys.exit('numpy' in sys.modules or 'soxr' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=player_environment(None), check=False).returncode == 0


def test_ctrl_c_does_not_reach_the_player(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    sink.begin("one")
    sink.write(tone(0.2))
    os.kill(player_pid(sink), signal.SIGINT)
    os.kill(player_pid(sink), signal.SIGTERM)
    sink.finish()


@pytest.mark.parametrize("fault", [None, "gone"])
def test_the_player_ends_with_its_parent(card: FakeCard, fault: str | None) -> None:
    """Even while PortAudio hangs on a card that was pulled."""
    code = """
import sys, time
import numpy as np
from hayakoe_daemon.audio.alsa import AlsaSink
from hayakoe_daemon.audio.chunk import AudioChunk
sink = AlsaSink("fakehw")
sink.begin("x")
sink.write(AudioChunk(np.full(48000, 0.5, np.float32), 48000))
print(sink._player.pid, flush=True)
time.sleep(60)
"""
    environment = player_environment(card.env)
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if fault:
            card.fault(fault)
        parent.kill()
        wait_until(lambda: ended(pid), 2.0)


def ended(pid: int) -> bool:
    """Gone, or a zombie that nobody has reaped (its reaper may be slow in a container)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_stereo_card_plays_on_both_sides(tmp_path: Path, open_alsa: Open) -> None:
    card = FakeCard(tmp_path, name="stereo", channels=2)
    sink = open_alsa("stereo", environment=card.env)
    sink.begin("one")
    sink.write(tone(0.2))
    sink.finish()
    heard = card.heard()
    assert (heard[:, 0] == heard[:, 1]).all()
    assert np.count_nonzero(heard[:, 0]) == pytest.approx(0.2 * RATE, abs=500)


def test_a_card_of_another_rate(tmp_path: Path, open_alsa: Open) -> None:
    card = FakeCard(tmp_path, name="cd", rate=44_100)
    sink = open_alsa("cd", environment=card.env)
    sink.begin("one")
    sink.write(tone(0.5, rate=24_000))
    sink.finish()
    assert sink.position == pytest.approx(0.5, abs=0.001)
    loud = np.flatnonzero(card.heard())
    assert loud[-1] - loud[0] + 1 == pytest.approx(0.5 * 44_100, abs=0.005 * 44_100)


def test_underruns_are_survived(card: FakeCard, open_alsa: Open) -> None:
    sink = open_alsa()
    sink.begin("one")
    sink.write(tone(0.4))
    card.fault("xrun")
    sink.finish()
    assert sink.position == pytest.approx(0.4)


def test_idle_on_a_device_without_a_clock_writes_little(tmp_path: Path, open_alsa: Open) -> None:
    """A file takes silence as fast as it is written; the disk must not fill with it."""
    environment, wav = instant_capture(tmp_path)
    sink = open_alsa("capture", environment=environment)
    sink.begin("one")
    sink.write(tone(0.2))
    sink.finish()
    time.sleep(0.5)
    assert wav.stat().st_size / 2 / RATE < 2.0
