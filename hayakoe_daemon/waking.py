"""The alarms as a part of this house: what they ask of the others, in their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from hayakoe_daemon.announcement import Announcement, Event, EventType
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.board import Board
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.foresight import Foresight, Workplace
from hayakoe_daemon.herald import Herald
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.lead import Lead
from hayakoe_daemon.schedule.alarm_book import ALARMS_FILE, AlarmBook
from hayakoe_daemon.schedule.alarm_clock import AlarmClock
from hayakoe_daemon.schedule.briefing_desk import BriefingDesk
from hayakoe_daemon.schedule.household import Household
from hayakoe_daemon.schedule.zone import ZoneError
from hayakoe_daemon.speaker.speaker import Speaker
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.ladder import Ladder, Wish
from hayakoe_daemon.voice.render_queue import RenderQueue


def alarm_clock(
    config: Config,
    folder: Path,
    *,
    journal: Journal,
    speaker: Speaker,
    herald: Herald,
    board: Board,
    lead: Lead,
    briefings: BriefingDesk,
    split: Callable[[str], Sequence[Utterance]],
    wish: Callable[[Announcement], Wish],
    ladder: Ladder,
    renders: RenderQueue,
    clock: Clock,
    new_id: Callable[[], str],
) -> tuple[AlarmClock, Foresight]:
    """The alarms, and what they say made ahead."""
    foresight = Foresight(Workplace(briefings.composed, split, wish, ladder, renders, clock.wall))

    def refusal(announcement: Announcement) -> Refused | None:
        voice = announcement.voice
        if voice is not None and voice not in ladder.names:
            return Refused("bad_field", f'There is no voice "{voice}"; allowed: {", ".join(ladder.names)}.', "voice")
        return lead.refusal(announcement) or briefings.refusal(announcement.text)

    def accepted(announcement: Announcement) -> None:
        herald.event(Event(EventType.ACCEPTED, announcement.id, announcement.source, announcement.accepted_at))
        speaker.poke()

    def no_sound() -> str | None:
        now = board.document
        return str(now["device"]) if now.get("audio") == "offline" else None

    household = Household(
        journal=journal,
        compose=foresight.composed,
        refusal=refusal,
        accepted=accepted,
        withdrawn=speaker.withdraw,
        urgent=lambda: speaker.cut(for_alarm=True),
        shown=herald.alarm,
        trouble=herald.trouble,
        no_sound=no_sound,
        clock=clock.wall,
        new_id=new_id,
        rendered=foresight.ready,
    )
    alarms = AlarmClock(AlarmBook(folder / ALARMS_FILE, config.alarms), zone(config, herald), household, clock)
    foresight.watch(lambda: alarms.coming, alarms.tell)
    return alarms, foresight


def zone(config: Config, herald: Herald) -> ZoneInfo:
    """The config's; where there is none that can be read, somebody is told, and UTC counts."""
    try:
        return config.zone
    except ZoneError as error:
        if config.alarms or config.quiet.hours:
            herald.trouble("config", f"alarms and quiet hours go by UTC: {error}")
        return ZoneInfo("UTC")
