"""The composition root: builds the parts from the config, starts them in order, stops them in reverse."""

from __future__ import annotations

import functools
import logging
import os
import signal
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hayakoe_daemon import derived, examining, serving, telling, waking
from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.answer import Answer
from hayakoe_daemon.board import Board, status_text
from hayakoe_daemon.clock import SYSTEM, Clock
from hayakoe_daemon.complaints import Complaints
from hayakoe_daemon.config.errors import ConfigError
from hayakoe_daemon.config.load import load
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import control_socket, dictionary_file, state_dir
from hayakoe_daemon.config.restart import FIXED, needs_restart
from hayakoe_daemon.control import ControlServer
from hayakoe_daemon.crew import Crew
from hayakoe_daemon.dials import Dials, valid
from hayakoe_daemon.door import Door, House, Origin, Rules
from hayakoe_daemon.feed import Feed
from hayakoe_daemon.hatch import Hatch
from hayakoe_daemon.herald import Herald
from hayakoe_daemon.home_assistant import HomeAssistant
from hayakoe_daemon.journal.journal import Journal
from hayakoe_daemon.journal.ledger import Delivery
from hayakoe_daemon.lead import Lead
from hayakoe_daemon.mqtt.eavesdropper import Eavesdropper
from hayakoe_daemon.mqtt.link import Incoming
from hayakoe_daemon.mqtt.station import Ears, Station
from hayakoe_daemon.mqtt.topics import Request, Topics
from hayakoe_daemon.overrides import OVERRIDES_FILE, Overrides, Value
from hayakoe_daemon.phrases import Phrases
from hayakoe_daemon.reader import Reader
from hayakoe_daemon.speaker.speaker import Audience, Materials, Speaker
from hayakoe_daemon.system import logs, systemd
from hayakoe_daemon.system.bell import Bell
from hayakoe_daemon.system.health import Health
from hayakoe_daemon.system.lock import lock
from hayakoe_daemon.system.memory import Memory
from hayakoe_daemon.text.dictionary import UserWord
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.voices import Voices
from hayakoe_daemon.words import WordBook

log = logging.getLogger(__name__)

TICK = 1.0
STATE_EVERY = 0.2
"""Seconds between two publications of the state at the least."""

STOP_WITHIN = 4.0
"""Seconds for an orderly end; systemd and people wait five."""


class App:
    """One life of the daemon: `run` returns the exit status."""

    def __init__(self, config: Config, path: Path, *, clock: Clock = SYSTEM) -> None:
        self._config = config
        self._path = path
        self._clock = clock.wall
        self._bell = Bell()
        self._stop_asked = False
        self._reload_asked = False
        self.crew = Crew(self._bell.ring)
        self._folder = state_dir(config, os.environ)
        self._feed = Feed()
        self._lock = lock(self._folder)  # before anything of the folder is touched
        self._board = Board(self._bell.ring)
        self._home_assistant = HomeAssistant(
            derived.home_assistant(config), self._folder, lambda: self._alarms.settable
        )
        self._herald = Herald(self._board, self._feed, self._home_assistant, systemd.status, clock.wall)
        self._memory = Memory(lambda mib: self._board.figures(memory=mib, cache_hits=self._cache.statistics.hits))
        self._complaints = Complaints(self._herald.error, clock.wall)
        self._dials = Dials(
            config,
            Overrides(self._folder / OVERRIDES_FILE, valid),
            zone=lambda config: waking.zone(config, self._herald),
            shown=self._show_settings,
            trouble=lambda message: self._herald.trouble("state", message),
        )
        self._reader = Reader(config.reading.rules, emoji_names=config.reading.emoji_names)
        self._words = WordBook(
            dictionary_file(config, os.environ),
            self._teach,
            lambda message: self._herald.trouble("dictionary", message),
        )
        self._words_worker = self.crew.worker("dictionary", self._words.step, limit=60.0)
        self._renders = RenderQueue()
        self._cache = derived.render_cache(config, os.environ, lambda why: self._herald.trouble("cache", why))
        self._voices = Voices(
            derived.voice_plan(config, os.environ),
            self._renders,
            changed=self._show_voices,
            trouble=lambda message: self._herald.trouble("voice", message),
            cache=self._cache,
        )
        self._phrases = Phrases(
            config.cache.phrases,
            wish=lambda: self._dials.settings().wish(Announcement("phrase", "", "phrase", 0.0)),
            split=self._reader.split,
            ladder=self._voices.ladder,
            renders=self._renders,
            cache=self._cache,
        )
        steps = {**self._voices.steps, **self._renders.beside, "cache": self._cache.step}
        self._upkeep = [self.crew.worker(name, step, limit=600.0) for name, step in steps.items()]
        self._lead = Lead(config.audio.sounds_dir)
        self._topics = Topics(config.topic)
        self._station: Station | None = None

        self._journal = Journal(
            self._folder / "journal.sqlite3",
            limits=derived.limits(config),
            clock=clock,
            trouble=self._herald.journal_trouble,
            on_letters=self._herald.letters,
            on_waiting=self._board.waiting,
        )
        self._journal_worker = self.crew.worker("journal", self._journal.step, limit=30.0)
        self._synthesis_worker = self.crew.worker("synthesis", self._renders.step, limit=60.0)
        self._speaker = Speaker(
            derived.sink(config.audio),
            self._journal,
            Materials(self._reader.split, self._lead.sounds, self._renders, self._voices.ladder),
            self._dials.settings,
            Audience(event=self._herald.event, speaking=self._board.speaking, device=self._herald.device),
            manners=self._dials.manners,
            clock=clock,
            alive=lambda: self._speaker_worker.progress(),  # noqa: PLW0108, the worker is made of the speaker
        )
        self._speaker_worker = self.crew.worker("speaker", self._speaker.step, limit=60.0)
        self._briefings = telling.briefing_desk(self._folder, clock, _new_id)
        self._eavesdropper = Eavesdropper(self._briefings, self._home_assistant)
        self._alarms, foresight = waking.alarm_clock(
            config,
            self._folder,
            journal=self._journal,
            speaker=self._speaker,
            herald=self._herald,
            board=self._board,
            lead=self._lead,
            briefings=self._briefings,
            split=self._reader.split,
            wish=lambda said: self._dials.settings().wish(said),
            ladder=self._voices.ladder,
            renders=self._renders,
            clock=clock,
            new_id=_new_id,
        )
        self._wyoming = serving.wyoming_server(
            self._reader, self._voices.ladder, self._renders, self._dials.settings, self._herald, clock.wall
        )
        others = {"alarms": self._alarms.step, "briefings": self._briefings.step, "foresight": foresight.step}
        others["wyoming"] = self._wyoming.step
        self._others = [self.crew.worker(name, step, limit=60.0) for name, step in others.items()]
        self._door = Door(
            House(
                journal=self._journal,
                speaker=self._speaker,
                rules=lambda: Rules(self._config.queue.limit, self._config.queue.expires_in),
                refusal=self._lead.refusal,
                voices=lambda: self._voices.ladder.names,
                set=self._dials.set,
                reset=self._dials.reset,
                change_word=self._words.submit,
                ask_alarms=self._alarms.ask,
                brief=self._briefings.ask,
                fill=self._briefings.fill,
                examine=examining.Examiner(path, lambda what: self._hatch.look(what)).ask,  # noqa: PLW0108, made later
                event=self._herald.event,
                complain=self._complaints.complain,
                clock=clock.wall,
                new_id=_new_id,
            )
        )
        self._hatch = Hatch(
            self._topics, self._door, self._board, self._journal, self._words, self._alarms, self._briefings
        )
        self._control: ControlServer | None = None

    # --------------------------------------------------------------------------------------------------------- its life

    def run(self) -> int:
        """From the start to SIGTERM (0), or to a crash of one of its threads (1)."""
        self._listen_to_signals()
        try:
            self._start()
            workers = [self._journal_worker, self._words_worker, self._synthesis_worker, self._speaker_worker]
            workers += [*self._upkeep, *self._others]
            health = Health(workers, systemd.watchdog, systemd.watchdog_interval(os.environ, os.getpid()))
            self._live(health)
            # What is torn down under a thread that does not end, a device that hangs in opening, is no crash any more.
            return 0 if self.crew.crashed is None else 1
        finally:
            self._stop()
            if self._lock is not None:
                self._lock.release()

    def _start(self) -> None:
        died = self._journal.recover()
        if died:
            log.warning("the daemon ended in the middle of %d sentence(s) last time; it goes on from there", died)
        self._journal_worker.start()
        self._words.load()
        self._words_worker.start()
        self._synthesis_worker.start()
        self._voices.ladder.warm_up()
        self._voices.take(derived.voice_plan(self._config, os.environ))
        for worker in self._upkeep:  # nobody waits for them: until voices are loaded the embedded one speaks
            worker.start()
        self._dials.take(self._config)
        telling.take(self._briefings, self._config, self._herald)
        self._wyoming.take(derived.wyoming(self._config))
        for worker in (self._speaker_worker, *self._others):
            worker.start()
        self._start_control()
        self._start_station()
        log.info("ready: %s", self._topics.base)
        systemd.ready(status_text(self._board.document))

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
                self._board.cache(self._cache.statistics.document())
                self._board.quiet(quiet=self._dials.quiet(self._clock()), held=self._journal.held)
                self._herald.state()
            if now - ticked >= TICK:
                ticked = now
                self._complaints.flush()
                self._home_assistant.tick()
                self._memory.look(now)
                health.look(now)
                if self._station is not None:
                    self._station.tick(self._clock())

    def _stop(self) -> None:
        systemd.stopping("stopping")
        deadline = time.monotonic() + STOP_WITHIN
        for worker in (*self._upkeep, *self._others, self._speaker_worker):
            worker.stop()
        self._speaker.shut_down()
        self.crew.each("the speaker", lambda: self.crew.end(self._speaker_worker, deadline - 1.5))
        self.crew.each("the sound device", self._speaker.close)
        self.crew.each("the control socket", self._stop_control)
        self.crew.each("MQTT", self._stop_station)
        for worker in self._others:
            self.crew.each(f"the {worker.name} thread", functools.partial(self.crew.end, worker, deadline - 1.0))
        self.crew.each("the Wyoming server", self._wyoming.close)
        for worker in (self._synthesis_worker, self._journal_worker, self._words_worker):
            worker.stop()
        self.crew.each("synthesis", lambda: self.crew.leave(self._synthesis_worker))
        self.crew.each("the dictionary", lambda: self.crew.end(self._words_worker, deadline))
        self.crew.each("the journal", lambda: self.crew.end(self._journal_worker, deadline))
        self.crew.each("the journal's file", self._journal.close)
        for worker in self._upkeep:
            self.crew.each(f"the {worker.name} thread", functools.partial(self.crew.leave, worker))
        self.crew.each("what the voices keep", self._voices.close)
        self.crew.each("rendered speech", self._cache.flush)
        self.crew.each("the sources", self._briefings.close)

    def _listen_to_signals(self) -> None:
        def stop() -> None:
            self._stop_asked = True

        def reload() -> None:
            self._reload_asked = True

        for number in (signal.SIGTERM, signal.SIGINT):
            self._bell.on(number, stop)
        self._bell.on(signal.SIGHUP, reload)
        self.crew.watch()

    # ------------------------------------------------------------------------------------------------------ the ways in

    def _start_control(self) -> None:
        path = control_socket(self._config, os.environ)
        try:
            self._control = ControlServer(
                path, self._config.control.group, self._hatch.ask, self._hatch.look, self._feed
            )
        except OSError as error:
            why = error.strerror or error
            log.error("no control socket at %s: %s; the commands cannot reach the daemon", path, why)  # noqa: TRY400
        else:
            self._control.start()

    def _stop_control(self) -> None:
        if self._control is not None:
            self._control.stop()

    def _start_station(self) -> None:
        if not self._config.mqtt.enabled:
            return
        settings = derived.broker(self._config, os.environ)
        self._station = Station(settings, self._topics, self._ears(), self._clock, self._eavesdropper.topics)
        self._herald.to(self._station.outward)
        self._station.start()

    def _stop_station(self) -> None:
        station, self._station = self._station, None
        if station is not None:
            self._herald.to(None)
            station.stop(1.0)

    def _ears(self) -> Ears:
        return Ears(
            handle=self._from_mqtt,
            complain=lambda refused: self._complaints.complain(refused, "mqtt"),
            fetch_letters=lambda count: self._journal.submit(
                lambda ledger: ledger.letters(limit=count)
            ).add_done_callback(lambda future: self._herald.post(future.result())),
            overhear=self._eavesdropper.hear,
            delivered=lambda number: self._note(lambda ledger: ledger.delivered([number])),
            forget=lambda before: self._note(lambda ledger: ledger.forget_deliveries(before)),
            crash=self.crew.crash,
        )

    def _from_mqtt(self, incoming: Incoming, request: Request, reply: Callable[[Answer], None]) -> None:
        delivery = Delivery(incoming.mid, incoming.topic, incoming.payload, incoming.dup) if incoming.qos else None
        self._door.handle(request, incoming.payload, Origin("mqtt", delivery, incoming.expiry), reply)

    def _note(self, run: Callable[[Any], None]) -> None:
        self._journal.submit(run)

    # ------------------------------------------------------------------------------------------------------- the config

    def _reload(self, now: float) -> None:
        """SIGHUP: all of the config but what needs a restart; an invalid one changes nothing."""
        systemd.reloading(now, "reading the config again")
        try:
            self._take(load(self._path))
        except (ConfigError, ValueError) as error:
            self._herald.trouble("config", f"the config was not reloaded, the old one counts: {error}")
        systemd.ready(status_text(self._board.document))

    def _take(self, config: Config) -> None:
        old = self._config
        sink = derived.sink(config.audio) if derived.another_sink(config.audio, old.audio) else None
        waiting = needs_restart(old, config)
        if waiting:
            log.warning("these changes count after a restart only: %s", ", ".join(waiting))
        self._config = config.model_copy(update={name: getattr(old, name) for name in FIXED})
        logs.set_up(config.log_level, environ=os.environ)
        self._dials.take(self._config)
        self._journal.limits = derived.limits(config)
        self._lead.folder = config.audio.sounds_dir
        self._reader.change(config.reading.rules, emoji_names=config.reading.emoji_names)
        self._words.reload(dictionary_file(config, os.environ))
        self._voices.take(derived.voice_plan(self._config, os.environ))
        self._phrases.take(config.cache.phrases)
        heard = self._eavesdropper.topics
        telling.take(self._briefings, config, self._herald)
        self._alarms.take(config.alarms, waking.zone(config, self._herald))
        if sink is not None:
            self._speaker.change_sink(sink)
        self._home_assistant.take(derived.home_assistant(self._config))
        self._wyoming.take(derived.wyoming(self._config))
        if (config.mqtt, self._config.client_id, self._eavesdropper.topics) != (old.mqtt, old.client_id, heard):
            self._stop_station()
            self._start_station()
        log.info("the config was reloaded")

    # ------------------------------------------------------------------------------------------------- what is shown

    def _show_settings(self, values: dict[str, Value]) -> None:
        self._board.settings(values)
        self._show_voices()

    def _show_voices(self) -> None:
        self._board.voices(self._voices.document(), self._voices.styles(self._dials.settings().voice))
        self._phrases.look()

    def _teach(self, words: Sequence[UserWord]) -> None:
        self._reader.teach(words)
        self._phrases.look(read_otherwise=True)


def _new_id() -> str:
    return uuid.uuid4().hex[:12]
