"""A thread that steps, stamps, stops, and tells of its crash."""

from __future__ import annotations

import threading
import time

from hayakoe_daemon.system.health import Health
from hayakoe_daemon.worker import Worker
from tests.support.waiting import patient, wait_for


def test_it_steps_until_it_is_stopped() -> None:
    steps: list[int] = []
    stepped = threading.Event()

    def step() -> None:
        steps.append(1)
        stepped.set()
        time.sleep(0.001)

    worker = Worker("w", step, limit=1.0, on_crash=lambda *_: None)
    worker.start()
    assert stepped.wait(patient(5))
    worker.stop()
    assert worker.join(patient(5))
    count = len(steps)
    assert count >= 1
    assert worker.healthy(time.monotonic() + 100)


def test_a_crash_is_told_with_the_thread_s_name() -> None:
    crashes: list[tuple[str, Exception]] = []

    def step() -> None:
        raise RuntimeError("broken")

    worker = Worker("synthesis", step, limit=1.0, on_crash=lambda name, error: crashes.append((name, error)))
    worker.start()
    assert worker.join(patient(5))
    assert [(name, str(error)) for name, error in crashes] == [("synthesis", "broken")]
    assert not worker.healthy(time.monotonic())


def test_the_watchdog_is_fed_only_while_every_thread_moves() -> None:
    hanging = threading.Event()
    released = threading.Event()

    def hang() -> None:
        hanging.set()
        released.wait(10)

    workers = [
        Worker("moving", lambda: time.sleep(0.001), limit=1.0, on_crash=lambda *_: None),
        Worker("hanging", hang, limit=1.0, on_crash=lambda *_: None),
    ]
    for worker in workers:
        worker.start()
    assert hanging.wait(patient(5))
    fed: list[float] = []
    health = Health(workers, lambda: fed.append(1.0), interval=0.3)
    assert health.look(time.monotonic())
    assert len(fed) == 1
    late = time.monotonic() + 0.9
    assert health.look(late)
    assert len(fed) == 2
    wait_for(lambda: not workers[1].healthy(time.monotonic()), 5)
    assert not health.look(time.monotonic())
    assert len(fed) == 2
    released.set()
    wait_for(lambda: health.look(time.monotonic()), 5)
    for worker in workers:
        worker.stop()
        worker.join(patient(5))


def test_a_long_step_that_makes_progress_is_healthy() -> None:
    done = threading.Event()

    def step() -> None:
        for _ in range(20):
            time.sleep(0.02)
            worker.progress()
        done.set()
        worker.stop()

    worker = Worker("long", step, limit=0.2, on_crash=lambda *_: None)
    worker.start()
    while not done.is_set():
        assert worker.healthy(time.monotonic())
        time.sleep(0.01)
    worker.join(patient(5))
