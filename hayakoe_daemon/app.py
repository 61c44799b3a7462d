"""One life of the daemon: its parts, built from the config, its threads, and how it starts, reloads and ends."""

from __future__ import annotations

import functools
import logging
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hayakoe_daemon import derived
from hayakoe_daemon.board import status_text
from hayakoe_daemon.clock import SYSTEM, Clock
from hayakoe_daemon.config.errors import ConfigError
from hayakoe_daemon.config.load import load
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import state_dir
from hayakoe_daemon.config.restart import FIXED, needs_restart
from hayakoe_daemon.control import ControlServer
from hayakoe_daemon.crew import Crew
from hayakoe_daemon.door import Rules
from hayakoe_daemon.examining import Examiner
from hayakoe_daemon.hatch import Hatch
from hayakoe_daemon.mqtt.eavesdropper import Eavesdropper
from hayakoe_daemon.mqtt.topics import Topics
from hayakoe_daemon.parts import broker, entrance, wyoming
from hayakoe_daemon.parts.announcing import Announcing
from hayakoe_daemon.parts.reports import Reports
from hayakoe_daemon.parts.speech import Speech
from hayakoe_daemon.parts.timetable import Timetable
from hayakoe_daemon.system import logs, systemd
from hayakoe_daemon.system.bell import Bell
from hayakoe_daemon.system.health import Health
from hayakoe_daemon.system.lock import lock
from hayakoe_daemon.system.memory import Memory

log = logging.getLogger(__name__)

TICK = 1.0
STATE_EVERY = 0.2
"""Seconds between two publications of the state at the least."""

STOP_WITHIN = 4.0
"""Seconds for an orderly end; systemd and people wait five."""


class App:
    """`run` is that life, and returns the exit status."""

    def __init__(self, config: Config, path: Path, *, clock: Clock = SYSTEM) -> None:
        self._config = config
        self._path = path
        self._clock = clock.wall
        self._bell = Bell()
        self._stop_asked = False
        self._reload_asked = False
        self.crew = Crew(self._bell.ring)
        self._lock = lock(state_dir(config, os.environ))  # before anything of the folder is touched

        # Each part is made of those before it; what it needs of a later one it asks for when the time comes.
        self._reports = reports = Reports.of(config, clock, self._bell.ring, self._alarms)
        self._speech = speech = Speech(config, reports)
        self._announcing = announcing = Announcing.of(config, clock, reports, speech, self._speaker_lives)
        self._timetable = timetable = Timetable.of(config, clock, reports, speech, announcing)
        self._wyoming = wyoming.server(clock, reports, speech)
        self._memory = Memory(self._show_memory)

        # The ways in.
        topics, journal = Topics(config.topic), announcing.journal
        examine = Examiner(path, self._look).ask
        door = entrance.door(clock, reports, speech, announcing, timetable, rules=self._rules, examine=examine)
        self._hatch = Hatch(topics, door, reports.board, journal, speech.words, timetable.alarms, timetable.briefings)
        self._control: ControlServer | None = None
        eavesdropper = Eavesdropper(timetable.briefings, reports.home_assistant)
        ears = broker.ears(door, journal, reports, eavesdropper, self.crew.crash)
        self._broker = broker.Link(topics, ears, eavesdropper, reports.herald, clock)

        # The threads, and how many seconds a step of theirs may take.
        worker = self.crew.worker
        self._journal_worker = worker("journal", journal.step, limit=30.0)
        self._words_worker = worker("dictionary", speech.words.step, limit=60.0)
        self._synthesis_worker = worker("synthesis", speech.renders.step, limit=60.0)
        self._speaker_worker = worker("speaker", announcing.speaker.step, limit=60.0)
        self._upkeep = [worker(name, step, limit=600.0) for name, step in speech.upkeep.items()]
        others = {**timetable.steps, "wyoming": self._wyoming.step}
        self._others = [worker(name, step, limit=60.0) for name, step in others.items()]

    # --------------------------------------------------------------------------------------------------------- its life

    def run(self) -> int:
        """From the start to SIGTERM (0), or to a crash of one of its threads (1)."""
        self._listen_to_signals()
        try:
            self._start()
            workers = [self._journal_worker, self._words_worker, self._synthesis_worker, self._speaker_worker]
            workers += [*self._upkeep, *self._others]
            self._live(Health(workers, systemd.watchdog, systemd.watchdog_interval(os.environ, os.getpid())))
            # What is torn down under a thread that does not end, a device that hangs in opening, is no crash any more.
            return 0 if self.crew.crashed is None else 1
        finally:
            self._stop()
            if self._lock is not None:
                self._lock.release()

    def _start(self) -> None:
        died = self._announcing.journal.recover()
        if died:
            log.warning("the daemon ended in the middle of %d sentence(s) last time; it goes on from there", died)
        self._journal_worker.start()
        self._speech.words.load()
        self._words_worker.start()
        self._synthesis_worker.start()
        self._speech.voices.ladder.warm_up()
        self._speech.take_voices(self._config)
        for worker in self._upkeep:  # nobody waits for them: until voices are loaded the embedded one speaks
            worker.start()
        self._speech.dials.take(self._config)
        self._timetable.take_briefings(self._config)
        self._wyoming.take(derived.wyoming(self._config))
        for worker in (self._speaker_worker, *self._others):
            worker.start()
        self._control = entrance.control_server(self._config, self._hatch, self._reports.feed)
        self._broker.open(self._config)
        log.info("ready: %s", self._config.topic)
        systemd.ready(status_text(self._reports.board.document))

    def _live(self, health: Health) -> None:
        ticked = told = float("-inf")
        while not self._stop_asked and self.crew.crashed is None:
            self._bell.wait(STATE_EVERY if time.monotonic() - told < STATE_EVERY else TICK)
            now = time.monotonic()
            if self._reload_asked:
                self._reload_asked = False
                self._reload(now)
            if now - told >= STATE_EVERY:
                told = now
                self._show()
            if now - ticked >= TICK:
                ticked = now
                self._reports.complaints.flush()
                self._reports.home_assistant.tick()
                self._memory.look(now)
                health.look(now)
                self._broker.tick()

    def _stop(self) -> None:
        systemd.stopping("stopping")
        deadline = time.monotonic() + STOP_WITHIN
        for worker in (*self._upkeep, *self._others, self._speaker_worker):
            worker.stop()
        self._announcing.speaker.shut_down()
        self.crew.each("the speaker", lambda: self.crew.end(self._speaker_worker, deadline - 1.5))
        self.crew.each("the sound device", self._announcing.speaker.close)
        self.crew.each("the control socket", self._stop_control)
        self.crew.each("MQTT", self._broker.close)
        for worker in self._others:
            self.crew.each(f"the {worker.name} thread", functools.partial(self.crew.end, worker, deadline - 1.0))
        self.crew.each("the Wyoming server", self._wyoming.close)
        for worker in (self._synthesis_worker, self._journal_worker, self._words_worker):
            worker.stop()
        self.crew.each("synthesis", lambda: self.crew.leave(self._synthesis_worker))
        self.crew.each("the dictionary", lambda: self.crew.end(self._words_worker, deadline))
        self.crew.each("the journal", lambda: self.crew.end(self._journal_worker, deadline))
        self.crew.each("the journal's file", self._announcing.journal.close)
        for worker in self._upkeep:
            self.crew.each(f"the {worker.name} thread", functools.partial(self.crew.leave, worker))
        self.crew.each("what the voices keep", self._speech.voices.close)
        self.crew.each("rendered speech", self._speech.cache.flush)
        self.crew.each("the sources", self._timetable.briefings.close)

    def _listen_to_signals(self) -> None:
        def stop() -> None:
            self._stop_asked = True

        def reload() -> None:
            self._reload_asked = True

        for number in (signal.SIGTERM, signal.SIGINT):
            self._bell.on(number, stop)
        self._bell.on(signal.SIGHUP, reload)
        self.crew.watch()

    def _stop_control(self) -> None:
        if self._control is not None:
            self._control.stop()

    # ------------------------------------------------------------------------------------------------------- the config

    def _reload(self, now: float) -> None:
        """SIGHUP: all of the config but what needs a restart; an invalid one changes nothing."""
        systemd.reloading(now, "reading the config again")
        try:
            self._take(load(self._path))
        except (ConfigError, ValueError) as error:
            self._reports.herald.trouble("config", f"the config was not reloaded, the old one counts: {error}")
        systemd.ready(status_text(self._reports.board.document))

    def _take(self, config: Config) -> None:
        old = self._config
        sink = derived.sink(config.audio) if derived.another_sink(config.audio, old.audio) else None
        waiting = needs_restart(old, config)
        if waiting:
            log.warning("these changes count after a restart only: %s", ", ".join(waiting))
        self._config = config = config.model_copy(update={name: getattr(old, name) for name in FIXED})
        logs.set_up(config.log_level, environ=os.environ)
        self._speech.take(config)
        self._announcing.take(config, sink)
        self._timetable.take(config)
        self._reports.home_assistant.take(derived.home_assistant(config))
        self._wyoming.take(derived.wyoming(config))
        self._broker.take(config)
        log.info("the config was reloaded")

    # ------------------------------------------------------------------------------- what parts ask of those after them

    def _alarms(self) -> Mapping[str, bool]:
        return self._timetable.alarms.settable

    def _speaker_lives(self) -> None:
        self._speaker_worker.progress()

    def _look(self, what: str) -> Mapping[str, Any]:
        return self._hatch.look(what)

    def _rules(self) -> Rules:
        return Rules(self._config.queue.limit, self._config.queue.expires_in)

    # ------------------------------------------------------------------------------------------------- what is shown

    def _show(self) -> None:
        board = self._reports.board
        board.cache(self._speech.cache.statistics.document())
        board.quiet(quiet=self._speech.dials.quiet(self._clock()), held=self._announcing.journal.held)
        self._reports.herald.state()

    def _show_memory(self, mib: int) -> None:
        self._reports.board.figures(memory=mib, cache_hits=self._speech.cache.statistics.hits)
