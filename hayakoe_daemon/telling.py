"""The briefings as a part of this house."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hayakoe_daemon.clock import Clock
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.herald import Herald
from hayakoe_daemon.schedule.briefing_desk import BriefingDesk
from hayakoe_daemon.schedule.composer import Composer
from hayakoe_daemon.schedule.sources.sources import Sources
from hayakoe_daemon.waking import zone

SOURCES_FOLDER = "sources"
"""In the state folder: what sources brought last."""


def briefing_desk(folder: Path, clock: Clock, new_id: Callable[[], str]) -> BriefingDesk:
    sources = Sources(folder / SOURCES_FOLDER, clock)
    return BriefingDesk(sources, Composer(sources.look), clock.wall, new_id)


def take(desk: BriefingDesk, config: Config, herald: Herald) -> None:
    """These sources and briefings from now on."""
    desk.configure(config.sources, config.briefings, zone(config, herald))
