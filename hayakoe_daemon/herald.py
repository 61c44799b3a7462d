"""The only way back: what happens in the house, told to the log, the broker, the commands that wait, and systemd."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from hayakoe_daemon.announcement import Event
from hayakoe_daemon.board import Board, status_text
from hayakoe_daemon.feed import Feed
from hayakoe_daemon.home_assistant import HomeAssistant
from hayakoe_daemon.journal.ledger import Letter
from hayakoe_daemon.mqtt.outward import Outward

log = logging.getLogger(__name__)


class Herald:
    """Called from any thread; nothing here waits. `outward` is the broker's side, None while there is none."""

    def __init__(
        self,
        board: Board,
        feed: Feed,
        home_assistant: HomeAssistant,
        status: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._board = board
        self._home_assistant = home_assistant
        self._feed = feed
        self._status = status
        self._clock = clock
        self._said_status = ""
        self._early: list[dict[str, Any]] = []
        self._alarms: dict[str, dict[str, Any] | None] = {}
        self._outward: Outward | None = None
        self._device = threading.Lock()
        """That a device is lost is not overtaken by how it was when the broker was about to be told."""

    def to(self, outward: Outward | None) -> None:
        """Tell the broker over this from now on: how things are, and what went wrong before there was a broker."""
        with self._device:
            self._outward = outward
            if outward is not None:
                outward.audio(available=self._board.document.get("audio") != "offline")
        document = self._board.document
        self._home_assistant.look(document)
        self._home_assistant.to(outward)  # first, so that it is about to listen to what follows
        if outward is None:
            return
        outward.state(document)
        self._tell_next_alarm(outward)
        for name, alarm in self._alarms.copy().items():
            self._tell_alarm(outward, name, alarm)
        early, self._early = self._early, []
        for error in early:
            outward.error(error)

    def event(self, event: Event) -> None:
        """Something on the way; last words come as letters."""
        self._log(event.document())
        self._feed.publish(event.document())
        if self._outward is not None:
            self._outward.event(event.document())

    def letters(self, letters: list[Letter]) -> None:
        """Last words, durable by now."""
        for letter in letters:
            self._log(letter.document)
            self._feed.publish(letter.document)
            self._board.spoken(letter.document)
        self.post(letters)

    def post(self, letters: list[Letter]) -> None:
        """To the broker, until it confirms."""
        if self._outward is not None:
            self._outward.letters((letter.n, letter.document) for letter in letters)

    def error(self, document: dict[str, Any]) -> None:
        if self._outward is not None:
            self._outward.error(document)
        else:
            self._early = [*self._early, document][-20:]

    def alarm(self, name: str, document: dict[str, Any] | None) -> None:
        """How an alarm stands; None where it is gone."""
        self._alarms[name] = document
        if self._outward is not None:
            self._tell_alarm(self._outward, name, document)
            self._tell_next_alarm(self._outward)

    def trouble(self, code: str, message: str) -> None:
        """Something is wrong in the house itself."""
        log.error("%s", message)
        self._tell_trouble(code, message)

    def journal_trouble(self, message: str, *, safe: bool) -> None:
        """`safe` where nothing can be lost by it any more."""
        self._board.journal(safe)
        log.log(logging.WARNING if safe else logging.ERROR, "%s", message)
        self._tell_trouble("journal", message)

    def _tell_trouble(self, code: str, message: str) -> None:
        self.error({"code": code, "message": message, "at": round(self._clock(), 3)})

    def device(self, available: bool, text: str) -> None:
        """The sound device is there (then `text` is its name) or is not (and why)."""
        with self._device:
            self._board.device(available, text)
            if self._outward is not None:
                self._outward.audio(available=available)
        if available:
            log.info("sound goes to %s", text)
        else:
            self.trouble("audio", text)

    def state(self) -> None:
        """Main thread, now and then: the state, if it has changed."""
        document = self._board.news()
        if document is None:
            return
        self._home_assistant.look(document)
        if self._outward is not None:
            self._outward.state(document)
            if (last := self._board.last) is not None:
                self._outward.last(last)
        text = status_text(document)
        if text != self._said_status:
            self._said_status = text
            self._status(text)

    def _tell_alarm(self, outward: Outward, name: str, document: dict[str, Any] | None) -> None:
        if document is None:
            self._home_assistant.alarm_gone(name)  # and the broker forgets it when nothing reads it any more
        else:
            outward.alarm(name, document)

    def _tell_next_alarm(self, outward: Outward) -> None:
        """The next to ring by itself, snoozed ones included."""
        coming = [
            (alarm[f"{key}_at"], alarm[key], name)
            for name, alarm in self._alarms.copy().items()
            if alarm is not None
            for key in ("next_fire", "snoozed_until")
            if alarm.get(key) is not None
        ]
        _, at, name = min(coming, default=(0.0, None, None))
        outward.next_alarm({"at": at, "name": name})

    @staticmethod
    def _log(document: dict[str, Any]) -> None:
        log.info(
            "%s %s%s",
            document["event_type"],
            document.get("name", document["id"]),
            f": {document['note']}" if "note" in document else "",
            extra={"announcement": document["id"], "event": document["event_type"]},
        )
