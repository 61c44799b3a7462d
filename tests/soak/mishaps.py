"""Faults, done to the house."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping

from tests.soak.damage import damage, takes_the_journal
from tests.soak.deeds import say
from tests.soak.faults import Fault
from tests.soak.rest import Rest
from tests.soak.scene import Scene
from tests.soak.witness import DAEMON_KILLED, DAEMON_RESTARTED

DISK_AGAIN = 20.0
"""Seconds after which the daemon has tried its disk again."""


class Mishaps:
    """`happen` lets one happen; what comes of it for the reckoning is in the diary."""

    def __init__(self, scene: Scene, rest: Rest) -> None:
        self._scene = scene
        self._house = scene.house
        self._rest = rest

    def happen(self, fault: Fault) -> None:
        self._scene.diary.faults.append(f"{self._scene.time_of_day} {fault}")
        self._scene.diary.counts[fault.kind] += 1
        if fault.moment == "busy":
            for _ in range(2):
                self._say()
        _MISHAPS[fault.kind](self, fault)

    def _say(self) -> None:
        say(self._scene, self._scene.household.message())

    # ---------------------------------------------------------------------------------------------- daemon and broker

    def kill_daemon(self, fault: Fault) -> None:
        for _ in range(1 + fault.details["again"]):
            time.sleep(fault.details["after"])
            self._kill_daemon()
            self._house.start()

    def kill_both(self, _: Fault, *, minutes: float = 0.0) -> None:
        self._kill_daemon()
        self._kill_broker()
        self._scene.skip(minutes * 60.0, self._scene.course.jump)
        self._house.broker.start()
        self._house.start()

    def power_cut(self, fault: Fault) -> None:
        self.kill_both(fault, minutes=fault.details["minutes"])

    def restart(self, _: Fault) -> None:
        if (status := self._house.stop()) not in (0, -signal.SIGTERM):  # the latter where it had hardly begun
            how = "did not end" if status is None else f"ended with status {status}"
            self._scene.diary.wrong.append(f"{self._scene.time_of_day}: after SIGTERM the daemon {how}")
        self._scene.lose(DAEMON_RESTARTED)
        self._house.start()

    def kill_broker(self, _: Fault) -> None:
        self._kill_broker()
        time.sleep(0.3)
        self._house.broker.start()

    def freeze_broker(self, fault: Fault) -> None:
        self._house.broker.freeze()
        time.sleep(fault.details["seconds"])
        self._house.broker.thaw()

    def reload(self, _: Fault) -> None:
        self._house.reload()

    def _kill_daemon(self) -> None:
        if self._rest.in_memory:
            self._scene.forget("the daemon was killed while it had no disk")
        self._house.kill()
        self._scene.lose(DAEMON_KILLED)

    def _kill_broker(self) -> None:
        self._house.broker.kill()
        self._scene.diary.broker_deaths.append(time.time())
        self._scene.lose("the broker was killed")

    # -------------------------------------------------------------------------------------------------- disk and files

    def full_disk(self, fault: Fault) -> None:
        if not self._house.can_fill:
            return
        with self._house.full_disk():
            self._say()
            time.sleep(fault.details["seconds"])
        self._rest.settle()
        self._scene.skip(DISK_AGAIN, self._scene.course.jump)
        time.sleep(1.0)
        self._rest.settle()

    def damage(self, fault: Fault) -> None:
        self._rest.settle()
        self._house.kill()
        spoilt = damage(self._house.state, **fault.details)
        if spoilt is not None:
            self._scene.diary.faults[-1] += f": {spoilt.name}"
            if takes_the_journal(spoilt):
                self._scene.forget("its journal was destroyed")
            if spoilt.name == "alarms.json":
                self._scene.diary.naps.clear()
        self._house.start()

    # ------------------------------------------------------------------------------------------------------ the clock

    def set_clock(self, fault: Fault) -> None:
        self._rest.settle()
        self._scene.course.set_by(fault.details["minutes"] * 60.0)
        self._scene.witness.sets += 1

    def sleep(self, fault: Fault) -> None:
        self._scene.skip(fault.details["minutes"] * 60.0, self._scene.course.sleep)

    # -------------------------------------------------------------------------------------------------------- the card

    def card(self, fault: Fault) -> None:
        self._while_it_plays()
        self._house.card.fault(fault.details["fault"])
        time.sleep(fault.details["seconds"])
        self._house.card.mend(fault.details["fault"])

    def kill_player(self, _: Fault) -> None:
        self._while_it_plays()
        for player in self._house.players():
            os.kill(player, signal.SIGKILL)

    def stop_player(self, fault: Fault) -> None:
        self._while_it_plays()
        stopped = self._house.players()
        for player in stopped:
            os.kill(player, signal.SIGSTOP)
        time.sleep(fault.details["seconds"])
        for player in set(stopped) & set(self._house.players()):  # the daemon may have ended it meanwhile
            os.kill(player, signal.SIGCONT)

    def _while_it_plays(self) -> None:
        self._say()
        time.sleep(0.7)


_MISHAPS: Mapping[str, Callable[[Mishaps, Fault], None]] = {
    "kill daemon": Mishaps.kill_daemon,
    "kill both": Mishaps.kill_both,
    "power cut": Mishaps.power_cut,
    "restart": Mishaps.restart,
    "damage": Mishaps.damage,
    "kill broker": Mishaps.kill_broker,
    "freeze broker": Mishaps.freeze_broker,
    "full disk": Mishaps.full_disk,
    "set clock": Mishaps.set_clock,
    "sleep": Mishaps.sleep,
    "reload": Mishaps.reload,
    "card": Mishaps.card,
    "kill player": Mishaps.kill_player,
    "stop player": Mishaps.stop_player,
}
