"""When the house is at rest: all that was sent has arrived, is answered, and is said."""

from __future__ import annotations

import time
from typing import Any

from tests.soak.scene import Scene

PATIENCE = 90.0
"""Real seconds within which the house comes to rest, a start of the daemon included."""

MAY_COME = 3.0
"""Real seconds that an answer may still take after somebody was killed."""

LOOK = 0.03


class Rest:
    """`settle` waits for it. `in_memory` tells whether the journal had left its disk at the last look."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.in_memory = False

    def settle(self, *, nothing_held: bool = False) -> None:
        """Returns when it has come, or has been given up and told."""
        house, wrong, since = self._scene.house, self._scene.diary.wrong, time.monotonic()
        looks = 0
        while looks < 2:
            if house.ended is not None:
                wrong.append(f"{self._scene.time_of_day}: the daemon ended by itself with status {house.ended}")
                house.start()
            if (waited := time.monotonic() - since) > PATIENCE:
                wrong.append(f"{self._scene.time_of_day}: no rest within {PATIENCE:.0f} s: {self._unrest()}")
                self._scene.lose("there was no rest")
                self._scene.witness.give_up()
                return
            looks = looks + 1 if self._at_rest(waited, nothing_held) else 0
            time.sleep(LOOK)
        self._scene.witness.give_up()

    def _at_rest(self, waited: float, nothing_held: bool) -> bool:
        witness, house = self._scene.witness, self._scene.house
        if not witness.delivered:
            return False
        open_ = witness.unanswered()
        if any(sent.lost_with is None for sent in open_):
            return False
        if waited < MAY_COME and open_ and open_[-1].at > house.clock.passed() - MAY_COME:
            return False
        state = house.ask("state")
        if state is None or state["state"] != "idle":
            return False
        self.in_memory = state.get("journal") == "memory"
        queue = house.ask("queue")
        if queue is None or (nothing_held and queue["held"]):
            return False
        return not queue["waiting"] and queue["speaking"]["id"] is None

    def _unrest(self) -> dict[str, Any]:
        late = [(sent.number, sent.topic) for sent in self._scene.witness.unanswered() if sent.lost_with is None]
        house = self._scene.house
        return {"unanswered": late[:5], "queue": house.ask("queue"), "state": house.ask("state")}
