"""The way back as a part of this house: how it stands, and who is told what happens in it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hayakoe_daemon import derived
from hayakoe_daemon.board import Board
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.complaints import Complaints
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import state_dir
from hayakoe_daemon.feed import Feed
from hayakoe_daemon.herald import Herald
from hayakoe_daemon.home_assistant import HomeAssistant
from hayakoe_daemon.system import systemd


@dataclass(frozen=True, slots=True)
class Reports:
    """All other parts report here."""

    board: Board
    feed: Feed
    home_assistant: HomeAssistant
    herald: Herald
    complaints: Complaints

    @classmethod
    def of(
        cls, config: Config, clock: Clock, ring: Callable[[], None], alarms: Callable[[], Mapping[str, bool]]
    ) -> Reports:
        """`ring` wakes the main thread, which tells the state; `alarms` are asked for when Home Assistant is told."""
        board, feed = Board(ring), Feed()
        home_assistant = HomeAssistant(derived.home_assistant(config), state_dir(config, os.environ), alarms)
        herald = Herald(board, feed, home_assistant, systemd.status, clock.wall)
        return cls(board, feed, home_assistant, herald, Complaints(herald.error, clock.wall))

    def trouble(self, code: str) -> Callable[[str], None]:
        """Whom to tell, in words for people, of what goes wrong; everybody hears of it by that code."""
        return functools.partial(self.herald.trouble, code)
