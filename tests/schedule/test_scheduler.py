from __future__ import annotations

import threading
import time

from hayakoe_daemon.schedule.scheduler import Scheduler


def test_each_name_once_when_its_instant_has_come() -> None:
    scheduler = Scheduler()
    now = time.time()
    scheduler.wake_at({"late": now - 86_400.0, "soon": now + 0.05, "later": now + 3600.0})

    due, seconds = scheduler.turn()
    assert due == {"late"}
    assert seconds is not None
    assert seconds < 0.06
    time.sleep(0.06)
    due, seconds = scheduler.turn()
    assert due == {"soon"}
    assert seconds is not None
    assert 3590.0 < seconds < 3600.0
    assert scheduler.turn()[0] == set()


def test_what_is_set_takes_the_place_of_what_was() -> None:
    scheduler = Scheduler()
    now = time.time()
    scheduler.wake_at({"moved": now - 1.0, "gone": now - 1.0})
    scheduler.wake_at({"moved": now + 3600.0})
    assert scheduler.turn()[0] == set()
    scheduler.wake_at({"moved": now - 1.0})
    assert scheduler.turn()[0] == {"moved"}
    scheduler.wake_at({"moved": now - 1.0})  # the same instant again, after it was due
    assert scheduler.turn()[0] == {"moved"}
    scheduler.wake_at({})
    assert scheduler.turn() == (set(), None)


def test_instants_of_strange_clocks() -> None:
    scheduler = Scheduler()
    scheduler.wake_at({"past": -1e12, "future": 1e15})
    assert scheduler.turn()[0] == {"past"}


def test_it_has_no_thread_of_its_own() -> None:
    before = threading.active_count()
    scheduler = Scheduler()
    scheduler.wake_at({"now": 0.0})
    scheduler.turn()
    assert threading.active_count() == before


def test_instants_are_those_of_the_house_whose_clock_may_be_another_one() -> None:
    ahead = 86_400.0
    scheduler = Scheduler(lambda: time.time() + ahead)
    due = time.time() + 2 * 86_400.0
    scheduler.wake_at({"tomorrow": due})
    assert scheduler.turn()[0] == set()
    ahead += 86_401.0  # a day has gone by, or somebody has set it
    scheduler.wake_at({"tomorrow": due})
    assert scheduler.turn()[0] == {"tomorrow"}
