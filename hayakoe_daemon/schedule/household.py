"""Whom the alarms deal with: the rest of the house, as they need it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.answer import Refused
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.schedule.alarm_turn import Compose
from hayakoe_daemon.schedule.synchronised import Synchronised, synchronised


@dataclass(frozen=True, slots=True)
class Household:
    """Whom the alarms deal with. All of it returns at once, but `compose`, which may take a while."""

    journal: Journal
    compose: Compose
    refusal: Callable[[Announcement], Refused | None]
    """Why an announcement like this cannot be: a voice, chime or sound that does not exist."""
    accepted: Callable[[Announcement], None]
    """It is in the journal."""
    withdrawn: Callable[[str], None]
    """The announcement of that id has been ended in the journal: it is to fall silent."""
    urgent: Callable[[], None]
    """An alarm rings that cuts into what is being said."""
    shown: Callable[[str, dict[str, Any] | None], None]
    """How an alarm stands; None where it is gone."""
    trouble: Callable[[str, str], None]
    no_sound: Callable[[], str | None]
    """Why nothing can be heard; None where it can."""
    clock: Callable[[], float]
    new_id: Callable[[], str]
    rendered: Callable[[str], bool | None] = lambda _: None
    """Whether the speech of an alarm's next ringing is there; None where nothing has to be made ahead."""
    synchronised: Callable[[], Synchronised] = synchronised
    """Whether the clock is known to be right."""
