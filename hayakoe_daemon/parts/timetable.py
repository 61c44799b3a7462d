"""What is said by the clock as a part of this house: the alarms, what they say made ahead, and the briefings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hayakoe_daemon import derived
from hayakoe_daemon.announcement import Announcement, Event, EventType
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import sources_dir, state_dir
from hayakoe_daemon.foresight import Foresight, Workplace
from hayakoe_daemon.parts.announcing import Announcing
from hayakoe_daemon.parts.new_id import new_id
from hayakoe_daemon.parts.reports import Reports
from hayakoe_daemon.parts.speech import Speech
from hayakoe_daemon.schedule.alarm_book import ALARMS_FILE, AlarmBook
from hayakoe_daemon.schedule.alarm_clock import AlarmClock
from hayakoe_daemon.schedule.briefing_desk import BriefingDesk
from hayakoe_daemon.schedule.composer import Composer
from hayakoe_daemon.schedule.household import Household
from hayakoe_daemon.schedule.sources.sources import Sources

Refusal = Callable[[Announcement], Refused | None]
"""Why an announcement like this cannot be; None where it can."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """Who says something of their own, with values in it."""

    briefings: BriefingDesk
    alarms: AlarmClock
    foresight: Foresight
    trouble: Callable[[str, str], None]
    """Told where a config's time zone cannot be found."""

    @classmethod
    def of(cls, config: Config, clock: Clock, reports: Reports, speech: Speech, announcing: Announcing) -> Timetable:
        """The briefings have no sources yet, nor texts: they are configured when the daemon starts."""
        sources = Sources(sources_dir(config, os.environ), clock)
        briefings = BriefingDesk(sources, Composer(sources.look), clock.wall, new_id)
        workplace = Workplace(
            briefings.composed, speech.reader.split, speech.wish, speech.voices.ladder, speech.renders, clock.wall
        )
        foresight = Foresight(workplace)
        refusal = _refusal(speech, announcing, briefings)
        household = _household(clock, reports, announcing, foresight, refusal)
        book = AlarmBook(state_dir(config, os.environ) / ALARMS_FILE, config.alarms)
        alarms = AlarmClock(book, derived.zone(config, reports.herald.trouble), household, clock)
        foresight.watch(lambda: alarms.coming, alarms.tell)
        return cls(briefings, alarms, foresight, reports.herald.trouble)

    @property
    def steps(self) -> Mapping[str, Callable[[], None]]:
        """What threads of these names are to call again and again."""
        return {"alarms": self.alarms.step, "briefings": self.briefings.step, "foresight": self.foresight.step}

    def take(self, config: Config) -> None:
        """Another config."""
        self.take_briefings(config)
        self.alarms.take(config.alarms, derived.zone(config, self.trouble))

    def take_briefings(self, config: Config) -> None:
        """These sources and briefings from now on."""
        self.briefings.configure(config.sources, config.briefings, derived.zone(config, self.trouble))


def _refusal(speech: Speech, announcing: Announcing, briefings: BriefingDesk) -> Refusal:
    ladder = speech.voices.ladder

    def refusal(announcement: Announcement) -> Refused | None:
        voice = announcement.voice
        if voice is not None and voice not in ladder.names:
            return Refused("bad_field", f'There is no voice "{voice}"; allowed: {", ".join(ladder.names)}.', "voice")
        return announcing.lead.refusal(announcement) or briefings.refusal(announcement.text)

    return refusal


def _household(
    clock: Clock, reports: Reports, announcing: Announcing, foresight: Foresight, refusal: Refusal
) -> Household:
    """What the alarms ask of the others, in their words."""
    board, herald, speaker = reports.board, reports.herald, announcing.speaker

    def accepted(announcement: Announcement) -> None:
        herald.event(Event(EventType.ACCEPTED, announcement.id, announcement.source, announcement.accepted_at))
        speaker.poke()

    def no_sound() -> str | None:
        now = board.document
        return str(now["device"]) if now.get("audio") == "offline" else None

    return Household(
        journal=announcing.journal,
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
