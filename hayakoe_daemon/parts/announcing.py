"""Announcements as a part of this house: the journal keeps them, the speaker says them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from hayakoe_daemon import derived
from hayakoe_daemon.audio.sink import Sink
from hayakoe_daemon.clock import Clock
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import state_dir
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.lead import Lead
from hayakoe_daemon.parts.reports import Reports
from hayakoe_daemon.parts.speech import Speech
from hayakoe_daemon.speaker.speaker import Audience, Materials, Speaker


@dataclass(frozen=True, slots=True)
class Announcing:
    """What is accepted, until its last words."""

    journal: Journal
    lead: Lead
    speaker: Speaker

    @classmethod
    def of(
        cls, config: Config, clock: Clock, reports: Reports, speech: Speech, alive: Callable[[], None]
    ) -> Announcing:
        """The speaker calls `alive` in between, so that its thread does not count as hung. ValueError: there is no such
        sound device."""
        board, herald = reports.board, reports.herald
        lead = Lead(config.audio.sounds_dir)
        journal = Journal(
            state_dir(config, os.environ) / "journal.sqlite3",
            limits=derived.limits(config),
            clock=clock,
            trouble=herald.journal_trouble,
            on_letters=herald.letters,
            on_waiting=board.waiting,
        )
        speaker = Speaker(
            derived.sink(config.audio),
            journal,
            Materials(speech.reader.split, lead.sounds, speech.renders, speech.voices.ladder),
            speech.dials.settings,
            Audience(event=herald.event, speaking=board.speaking, device=herald.device),
            manners=speech.dials.manners,
            clock=clock,
            alive=alive,
        )
        return cls(journal, lead, speaker)

    def take(self, config: Config, sink: Sink | None) -> None:
        """Another config, and the sink that it wants; None: that is the same."""
        self.journal.limits = derived.limits(config)
        self.lead.folder = config.audio.sounds_dir
        if sink is not None:
            self.speaker.change_sink(sink)
