"""What homes do to a daemon: power cuts, unplugged cards, brokers that come and go, a config edited in a hurry."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.fakecard import FakeCard, environment
from tests.support.broker import Broker, Watcher
from tests.support.daemon import Daemon, Home
from tests.support.waiting import wait_for

pytestmark = pytest.mark.realtime

THREE = "これは一番目の文です。これは二番目の文です。これは三番目の文です。"
REPORTED_WITHIN = 2.0
"""Seconds from a fault of the sound device to its report."""


def seconds_heard(card: FakeCard) -> float:
    return float(np.count_nonzero(np.abs(card.heard()) > 40) / card.rate)


# ------------------------------------------------------------------------------------------------ the daemon dies


def test_after_kill_9_it_goes_on_with_the_sentence_it_was_in(
    broker: Broker, home: Home, card: FakeCard, tmp_path: Path
) -> None:
    daemon = Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env)
    with daemon.start():
        home.wait_online()
        home.say(THREE, id="three")
        home.say("最後のお知らせです。", id="waiting")
        home.wait_event("three", "started")
        wait_for(lambda: seconds_heard(card) > 2.2)  # somewhere in the second sentence
        daemon.kill()
        before = len(card.heard()) / card.rate
        daemon.start()
        finished = home.wait_event("three", "finished")
        home.wait_event("waiting", "finished")
        started = [one for one in home.events("three") if one["event_type"] == "started"]
        assert [one.get("note") for one in started] == [None, "resumed"]
        # two of three sentences, not three
        assert before > 1.5
        assert 2.5 < finished["times"]["audio"] < 4.5


def test_a_sentence_that_kills_twice_is_reported_and_left_out(broker: Broker, home: Home, tmp_path: Path) -> None:
    card = FakeCard(tmp_path / "card")
    daemon = Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env)
    with daemon.start():
        home.wait_online()
        home.say("この文はなかなか終わらない、とても長い文で、何度も途中で倒れます。次の文です。", id="killer")
        for life in range(2):
            wait_for_starts(home, "killer", life + 1)
            wait_for(lambda: seconds_heard(card) > 0.3)
            daemon.kill()
            (card.folder / "out.raw").unlink()
            daemon.start()
        failed = home.wait_event("killer", "failed")
        assert "sentence 1" in failed["note"]
        assert 0.3 < failed["times"]["audio"] < 2.0  # the second sentence was said all the same
        home.say("元気です", id="alive")
        home.wait_event("alive", "finished")


def wait_for_starts(home: Home, id_: str, count: int) -> None:
    wait_for(lambda: len([one for one in home.events(id_) if one["event_type"] == "started"]) >= count)


def test_sigterm_ends_within_5_s_and_keeps_the_queue(
    broker: Broker, home: Home, card: FakeCard, tmp_path: Path
) -> None:
    daemon = Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env)
    with daemon.start():
        home.wait_online()
        for number in range(3):
            home.say("最初の文です。次の文です。", id=f"n{number}")
        home.wait_event("n0", "started")
        wait_for(lambda: seconds_heard(card) > 0.5)
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 5
        assert home.watcher.on(home.topic("status"))[-1].text == "offline"
        daemon.start()
        for number in range(3):
            home.wait_event(f"n{number}", "finished", 30)


def test_what_was_interrupted_too_long_ago_is_not_resumed(
    broker: Broker, home: Home, card: FakeCard, tmp_path: Path
) -> None:
    daemon = Daemon(
        tmp_path / "daemon", broker, device=card.name, env=card.env, config={"queue": {"resume_limit": 0.5}}
    )
    with daemon.start():
        home.wait_online()
        home.say(THREE, id="stale")
        home.wait_event("stale", "started")
        wait_for(lambda: seconds_heard(card) > 0.5)
        daemon.kill()
        time.sleep(0.6)
        daemon.start()
        assert "too long ago" in home.wait_event("stale", "expired")["note"]


def test_messages_sent_while_it_was_down_are_spoken(broker: Broker, home: Home, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "daemon", broker)
    with daemon.start():
        home.wait_online()
        daemon.kill()
        for number in range(5):
            home.say(f"{number}番", id=f"n{number}")
        daemon.start()
        for number in range(5):
            home.wait_event(f"n{number}", "finished")


# ----------------------------------------------------------------------------------------------- the sound device


@pytest.mark.parametrize("fault", ["gone", "busy"])
def test_a_device_missing_at_the_start_is_reported_and_awaited(
    broker: Broker, home: Home, card: FakeCard, tmp_path: Path, fault: str
) -> None:
    card.fault(fault)
    with Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env):
        online = home.wait_online()
        offline = home.watcher.wait(home.topic("audio"), lambda seen: seen.text == "offline")
        assert offline.at - online.at < REPORTED_WITHIN
        home.say("待っています", id="patient")
        home.wait_event("patient", "accepted")
        card.mend(fault)
        home.wait_event("patient", "finished")
        assert home.watcher.on(home.topic("audio"))[-1].text == "online"


@pytest.mark.parametrize("fault", ["gone", "stall"])
def test_a_device_that_fails_is_reported_in_time_and_the_rest_is_kept(
    broker: Broker, home: Home, card: FakeCard, tmp_path: Path, fault: str
) -> None:
    with Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env):
        home.wait_online()
        home.say(THREE, id="three")
        wait_for(lambda: seconds_heard(card) > 1.5)
        card.fault(fault)
        moment = time.monotonic()
        offline = home.watcher.wait(home.topic("audio"), lambda seen: seen.text == "offline", 5)
        assert offline.at - moment < REPORTED_WITHIN
        assert home.wait_error("audio")["message"]
        card.mend(fault)
        finished = home.wait_event("three", "finished", 20)
        # the rest, and not much of it twice
        assert abs(seconds_heard_all(card) - finished["times"]["audio"]) < 0.6


def seconds_heard_all(card: FakeCard) -> float:
    """From the first to the last sound of everything heard, long silences (device closed, lead-in) left out."""
    loud = np.flatnonzero(np.abs(card.heard()) > 40) / card.rate
    gaps = np.diff(loud)
    return float(loud[-1] - loud[0] - gaps[gaps > 0.6].sum())


def test_the_second_device_takes_over(broker: Broker, home: Home, tmp_path: Path) -> None:
    first, second = FakeCard(tmp_path / "cards", name="first"), FakeCard(tmp_path / "cards", name="second")
    config = {"audio": {"second_device": "second"}}
    env = environment([first, second])
    with Daemon(tmp_path / "daemon", broker, device="first", env=env, config=config):
        home.wait_online()
        home.say(THREE, id="three")
        wait_for(lambda: seconds_heard(first) > 1.0)
        first.fault("gone")
        home.wait_event("three", "finished", 20)
        assert seconds_heard(second) > 1.0


# ----------------------------------------------------------------------------------------------------- the broker


def test_a_broker_that_comes_late_dies_and_comes_back(broker: Broker, tmp_path: Path) -> None:
    broker.kill()
    with Daemon(tmp_path / "daemon", broker) as daemon:
        assert daemon.command("say", "一人で話せます", "--wait").returncode == 0
        broker.start()
        with Watcher(broker) as watcher:
            home = Home(watcher)
            home.wait_online(40)
            # what was said while nobody listened is reported now
            wait_for(lambda: any(one["event_type"] == "finished" for one in home.events()))
            broker.kill()
            broker.start()
            watcher.wait_connected()
            home.wait_online(40)
            wait_for(lambda: len(watcher.on(home.topic("status"))) > 1, 40)
            home.say("戻りました", id="back")
            home.wait_event("back", "finished", 20)


# ------------------------------------------------------------------------------------------------ config and disk


def test_sighup_takes_a_new_config_and_keeps_the_old_one_if_it_is_invalid(
    broker: Broker, home: Home, tmp_path: Path
) -> None:
    with Daemon(tmp_path / "daemon", broker, device=f"wav:{tmp_path}/one") as daemon:
        home.wait_online()
        home.set("volume", "40")
        wait_for(lambda: home.state().get("volume") == 40)
        good = daemon.config_file.read_text()
        daemon.config_file.write_text(good + "\nvolum: 3\n")
        daemon.reload()
        assert "volum" in home.wait_error("config")["message"]
        assert home.state()["volume"] == 40

        daemon.configure({"audio": {"device": f"wav:{tmp_path}/two", "volume": 70}, "title": "居間"})
        daemon.reload()
        wait_for(lambda: home.state().get("volume") == 70)  # edited there: what was set at run time is over
        home.say("新しい場所", id="moved")
        home.wait_event("moved", "finished")
        assert list((tmp_path / "two").glob("*-moved.wav"))

        daemon.configure({"mqtt": {"keepalive": 7}})
        daemon.reload()
        wait_for(lambda: daemon.log().count("connected to the broker") == 2)
        home.say("つながりました", id="again")
        home.wait_event("again", "finished")

        daemon.configure({"node": "other"})
        daemon.reload()
        wait_for(lambda: "after a restart only: node" in daemon.log())


def test_a_damaged_journal_is_said_and_set_aside(broker: Broker, home: Home, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "daemon", broker)
    daemon.state.mkdir(parents=True)
    (daemon.state / "journal.sqlite3").write_bytes(b"rubbish" * 1000)
    with daemon:
        home.wait_online()
        home.say("それでも話します", id="anyway")
        home.wait_event("anyway", "finished")
        assert list(daemon.state.glob("journal.sqlite3.damaged-*"))
        assert "set aside" in daemon.log()


# ------------------------------------------------------------------------------------------------------ systemd


@contextlib.contextmanager
def notify_socket(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """What systemd would hear."""
    path = str(folder / "notify")
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(path)
        line.settimeout(0.05)

        def listen() -> list[str]:
            with contextlib.suppress(TimeoutError):
                while True:
                    heard.extend(line.recv(4096).decode().split("\n"))
            return heard

        yield path, _Live(listen)


class _Live(list[str]):
    """A list that listens whenever it is looked at."""

    def __init__(self, listen: object) -> None:
        super().__init__()
        self._listen = listen

    def __iter__(self) -> Iterator[str]:
        return iter(self._listen())  # type: ignore[operator]

    def __contains__(self, item: object) -> bool:
        return item in self._listen()  # type: ignore[operator]

    def count(self, item: str) -> int:
        return int(self._listen().count(item))  # type: ignore[operator]


def test_systemd_hears_ready_watchdog_and_stopping(broker: Broker, home: Home, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "daemon", broker)
    with notify_socket(tmp_path) as (path, told):
        daemon.env["NOTIFY_SOCKET"] = path
        daemon.env["WATCHDOG_USEC"] = "3000000"
        with daemon.start():
            wait_for(lambda: "READY=1" in told)
            home.wait_online()
            count = told.count("WATCHDOG=1")
            wait_for(lambda: told.count("WATCHDOG=1") >= count + 2)
            daemon.reload()
            wait_for(lambda: "RELOADING=1" in told)
            wait_for(lambda: told.count("READY=1") == 2)
            assert daemon.stop() == 0
            assert "STOPPING=1" in told


HANGS = """
import sys, threading
from pathlib import Path
from hayakoe_daemon.app import App
from hayakoe_daemon.config.load import load

path = Path(sys.argv[1])
app = App(load(path), path)
app.{worker}._limit = 0.5
app.{worker}._step = threading.Event().wait
sys.exit(app.run())
"""


@pytest.mark.parametrize(
    "worker", ["_journal_worker", "_synthesis_worker", "_speaker_worker", "_words_worker", "_others[0]"]
)
def test_one_hung_thread_is_enough_to_starve_the_watchdog(tmp_path: Path, worker: str) -> None:
    daemon = Daemon(tmp_path / "daemon", None)
    with notify_socket(tmp_path) as (path, told):
        environment = {**daemon.env, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "300000"}
        with daemon.log_file.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", HANGS.format(worker=worker), str(daemon.config_file)],
                stderr=log,
                env=environment,
                cwd=Path(__file__).parents[1],
            )
        try:
            wait_for(lambda: "READY=1" in told, 20)
            wait_for(lambda: "makes no progress" in daemon.log())
            count = told.count("WATCHDOG=1")
            time.sleep(2.5)  # a feed is due each second, and nothing tells that one did not come
            assert told.count("WATCHDOG=1") == count
            assert process.poll() is None, "it is alive, so a bare timer would have gone on"
        finally:
            process.kill()
            process.wait()


def test_all_its_processes_stay_below_220_mb(broker: Broker, home: Home, card: FakeCard, tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", broker, device=card.name, env=card.env) as daemon:
        home.wait_online()
        home.say("長めの文を話したあとの記憶の大きさを、すべての処理を合わせて測ります。" * 3, id="memory", speed=3)
        home.wait_event("memory", "finished", 30)
        pids = [daemon.running.pid, *children(daemon.running.pid)]
        sizes = {pid: resident(pid) for pid in pids}
        print("resident MB:", {pid: round(size) for pid, size in sizes.items()})  # noqa: T201, for -s
        assert len(pids) == 2
        assert sum(sizes.values()) < 220, sizes


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
