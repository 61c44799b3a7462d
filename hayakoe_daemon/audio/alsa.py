"""A sound card as a Sink: feeds the player child, watches its heartbeat, kills it and starts another."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from hayakoe_daemon.audio.backlog import Backlog
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.devices import PROC_ASOUND
from hayakoe_daemon.audio.opening import NotOpened, Opening, refusal
from hayakoe_daemon.audio.player_pipe import BEAT, ROUND, START, Kind, Message
from hayakoe_daemon.audio.player_process import PlayerGone, PlayerHangs, PlayerProcess
from hayakoe_daemon.audio.sink import Cancelled, SinkLost

_log = logging.getLogger(__name__)

BEAT_LIMIT = 1.0
"""Seconds without a heartbeat after which the player hangs; it beats every 20 ms while a device is open."""

OPEN_LIMIT = 1.8
"""Seconds for the answer to OPEN: PortAudio alone tries a busy device for 1.0 s. Doubled after each time that it was
too short, because a house with many cards may need longer, up to LONGEST_OPEN_LIMIT."""

LONGEST_OPEN_LIMIT = 15.0

START_LIMIT = 10.0
"""Seconds for a player to start and list the devices; 0.5 s on a desk, more on a small board under load."""

CREDIT = 0.25
"""Seconds of sound sent ahead of what is heard."""

LATENCY = 0.06
"""Seconds asked of the device. What it holds cannot be taken back, so a cancel is never quicker than this."""

START_AGAIN = 5.0
"""Seconds between two starts of a player that only ends again, while nothing is to be said."""

HEAD_START = 0.5
"""Seconds before its moment that the sound of a round is with the player, which places it to the sample: neither a busy
interpreter nor a pipe may delay it then."""

WAIT = 0.05
PROBE_EVERY = 10.0
PROBE_HELD_EVERY = 60.0


class AlsaSink:
    """Plays on `device`, on `second_device` where that is not there.

    Devices are `hw:CARD=ID,DEV=n`, any other PCM name that PortAudio lists, or `default`. `rate` is the rate to ask for
    (Hz; None: 48 000 or what the device likes), `lead_in` the silence after opening (s), `idle_close` the time after
    which an unused device is given back (s) unless `hold_device`. `environment` is the player's.
    """

    def __init__(
        self,
        device: str = "default",
        *,
        second_device: str | None = None,
        rate: int | None = None,
        lead_in: float = 0.15,
        hold_device: bool = False,
        idle_close: float = 10.0,
        latency: float = LATENCY,
        probe_every: float = PROBE_EVERY,
        proc_asound: Path = PROC_ASOUND,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._devices = [device] if second_device is None else [device, second_device]
        self._current = device
        self._opening = Opening(rate, latency, lead_in, proc_asound)
        self._hold_device = hold_device
        self._idle_close = idle_close
        self._probe_every = PROBE_HELD_EVERY if hold_device else probe_every
        self._environment = environment
        self._backlog = Backlog(rate or 48000)
        self._sending = threading.Lock()  # so that no block of a cancelled round follows its CANCEL
        self._cancelled = False
        self._lost: str | None = None
        self._round = 0
        self._in_round = False
        self._drained = False
        self._credit = CREDIT
        self._is_open = False
        self._opened_as: dict[str, str | None] = {}
        self._beat = self._looked = self._grace = 0.0
        self._idle_since = self._probed = time.monotonic()
        self._open_limit = OPEN_LIMIT
        self._tried = False
        self._start_at = 0.0
        self._player: PlayerProcess | None = None
        self._start_player()

    @property
    def name(self) -> str:
        return self._current

    @property
    def position(self) -> float:
        if self._player is not None:
            with suppress(PlayerGone):  # whatever has happened, the next write or finish says it
                self._listen(self._player, 0)
        return self._backlog.position

    @property
    def head_start(self) -> float:
        return HEAD_START

    def begin(self, title: str) -> None:  # noqa: ARG002, a card has no use for it
        self._cancelled = False
        self._in_round = True
        self._backlog.begin()
        if self._lost is not None:
            raise SinkLost(self._lost)
        if self._is_open:
            self._hear(0)
        else:
            later = [device for device in self._devices if device != self._current]
            self._open_first_of([self._current, *later])
        self._start_round()

    def start_at(self, moment: float) -> None:
        self._command(Kind.START, START.pack(moment))

    def write(self, chunk: AudioChunk) -> None:
        self._backlog.accept(chunk)
        self._pump(lambda: not self._backlog.waits)

    def finish(self) -> None:
        self._backlog.end()
        self._drained = False
        self._pump(lambda: not self._backlog.waits)
        self._command(Kind.DRAIN)
        self._pump(lambda: self._drained)
        self._rest()

    def resume(self) -> None:
        if self._lost is None:
            return
        self._open_first_of(self._devices)
        self._lost = None
        self._start_round()
        try:
            self._pump(lambda: not self._backlog.waits)
        except Cancelled:
            return  # the next write or finish says so

    def cancel(self) -> None:
        with self._sending:
            self._cancelled = True
            player = self._player
            if player is None or not self._is_open:
                return
            try:
                player.send(Kind.CANCEL)
            except PlayerGone:
                player.kill()  # it does not listen, and silence was asked for

    def tend(self) -> None:
        if self._lost is not None:
            raise SinkLost(self._lost)
        self._hear(0)
        while self._is_open and time.monotonic() - self._beat > BEAT_LIMIT / 2:
            self._hear(WAIT)  # late: either it beats now, or it is lost before the next look
        now = time.monotonic()
        if self._player is None and now >= self._start_at:
            self._start_player()
        if not self._tried:
            self._open_first_of(self._devices)  # so that a card that is not there is known before it is needed
        if self._opening.is_unplugged(self._current):
            self._lose(self._what_happened())
        resting = not self._in_round or self._cancelled
        if self._is_open and resting and not self._hold_device and now - self._idle_since >= self._idle_close:
            self._close_device()
        free = resting and (self._hold_device or not self._is_open)
        if self._current != self._devices[0] and free and now - self._probed >= self._probe_every:
            self._probe_first()

    def close(self) -> None:
        self._end_player()

    # The round.

    def _start_round(self) -> None:
        """What comes now is counted from 0 by both sides."""
        self._round += 1
        self._drained = False
        self._backlog.rewind()
        self._command(Kind.ROUND, ROUND.pack(self._round))

    def _pump(self, done: Callable[[], bool]) -> None:
        """Sends and listens until `done`. Raises Cancelled or SinkLost."""
        while True:
            if self._cancelled:
                self._rest()
                raise Cancelled
            if self._lost is not None:
                raise SinkLost(self._lost)
            self._hear(0)
            while self._backlog.ahead < self._credit and self._send_block():
                pass
            if done():
                return
            self._hear(WAIT)

    def _send_block(self) -> bool:
        with self._sending:
            if self._cancelled:
                return False
            block = self._backlog.next_block()
            if block is not None:
                self._command(Kind.AUDIO, block)
            return block is not None

    def _rest(self) -> None:
        self._in_round = False
        self._idle_since = time.monotonic()

    # The player.

    def _start_player(self) -> None:
        self._start_at = time.monotonic() + START_AGAIN
        try:
            self._player = PlayerProcess(self._environment)
        except OSError as error:
            self._player = None
            _log.error("The player could not be started: %s. It is tried again.", error)

    def _end_player(self) -> None:
        self._is_open = False
        player, self._player = self._player, None
        if player is not None:
            player.end()
            if player.ready:
                self._start_at = 0.0

    def _command(self, kind: Kind, body: bytes = b"") -> None:
        """Raises SinkLost."""
        try:
            if self._player is None:
                raise PlayerGone("the player is not running")
            self._player.send(kind, body)
        except PlayerGone as error:
            self._lose(f"{self._what_happened()} ({error})")

    def _hear(self, timeout: float) -> None:
        """Takes what the player says. Raises SinkLost where it hangs or has ended while a device was open."""
        now = time.monotonic()
        if now - self._looked > 0.3:
            self._grace = now + 0.25  # we looked away: what it said meanwhile is old, so give it time for a new beat
        try:
            if self._player is not None:
                self._listen(self._player, timeout)
        except PlayerGone as error:
            if self._is_open:
                self._lose(f"{self._what_happened()} ({error})")
            self._end_player()  # nobody was listening; the next look starts another
            return
        self._looked = now = time.monotonic()
        if self._is_open and now > max(self._beat + BEAT_LIMIT, self._grace):
            self._lose(self._what_happened())

    def _listen(self, player: PlayerProcess, timeout: float) -> None:
        for message in player.receive(timeout):
            self._take(message)

    def _take(self, message: Message) -> None:
        if message.kind is Kind.BEAT:
            number, heard, self._beat = BEAT.unpack(message.body)
            if number == self._round:
                self._backlog.heard(heard)
        elif message.kind is Kind.DRAINED and ROUND.unpack(message.body)[0] == self._round:
            self._backlog.heard_all()
            self._drained = True

    def _what_happened(self) -> str:
        if self._opening.is_unplugged(self._current):
            return f"The sound card {self._current} was unplugged."
        return f"The sound device {self._current} takes no more sound: it was unplugged, or it hangs."

    def _lose(self, message: str) -> None:
        """Keeps what was not heard, kills the player, starts the next one. Raises SinkLost, always."""
        self._lost = f"{message} What was not heard is kept, and goes on when the device is back."
        self._end_player()
        self._start_player()
        self._backlog.rewind()
        raise SinkLost(self._lost)

    # The device.

    def _open_first_of(self, devices: list[str]) -> None:
        """Raises SinkLost where none of them opens."""
        self._tried = True
        reasons: list[str] = []
        for device in devices:
            try:
                # After a failure the list is made anew: a busy device is not on it then, which saves 1 s of trying.
                self._open(device, relist=self._lost is not None or bool(reasons))
            except NotOpened as error:
                reasons.append(str(error))
            else:
                for reason in reasons:
                    _log.warning("%s Playing on %s.", reason, device)
                return
        self._lost = f"{' '.join(reasons)} What is to be said is kept, and is said when the device is there."
        raise SinkLost(self._lost)

    def _open(self, device: str, *, relist: bool) -> None:
        """Raises NotOpened."""
        numbered = self._opening.numbered(device)
        order = self._opening.order(device, relist=relist or self._opened_as.get(device, numbered) != numbered)
        answer = self._ask(Kind.OPEN, order, (Kind.OPENED, Kind.FAILED), device)
        values = json.loads(answer.body)
        if answer.kind is Kind.FAILED:
            raise refusal(device, values["reason"], values["text"])
        self._opened_as[device] = numbered
        self._current = device
        self._is_open = True
        self._beat = self._looked = self._idle_since = time.monotonic()
        self._credit = max(CREDIT, values["latency"] + 0.15)
        self._backlog.rewind(values["rate"])
        _log.info("Playing on %s (%s), %d Hz, %d ms", device, values["name"], values["rate"], 1000 * values["latency"])

    def _ask(self, kind: Kind, body: bytes, answers: tuple[Kind, ...], device: str) -> Message:
        """The player's answer. One that died unseen is replaced, one that hangs is killed. Raises NotOpened."""
        try:
            try:
                return self._answer(kind, body, answers)
            except PlayerHangs:
                self._open_limit = min(2 * self._open_limit, LONGEST_OPEN_LIMIT)
                raise
            except PlayerGone:
                self._end_player()
                return self._answer(kind, body, answers)
        except PlayerGone as error:
            self._end_player()
            self._start_player()
            raise NotOpened(f"The sound device {device} does not answer ({error}).") from error

    def _answer(self, kind: Kind, body: bytes, answers: tuple[Kind, ...]) -> Message:
        """Raises PlayerGone."""
        if self._player is None:
            self._start_player()
        if self._player is None:
            raise PlayerGone("the player cannot be started")
        if not self._player.ready:
            message = self._player.wait_for((Kind.READY, Kind.FAILED), START_LIMIT, self._take)
            if message.kind is Kind.FAILED:  # it could not even start, and says why
                return message
        self._player.send(kind, body)
        answer = self._player.wait_for(answers, self._open_limit, self._take)
        self._open_limit = OPEN_LIMIT
        return answer

    def _close_device(self) -> None:
        self._is_open = False
        try:
            self._ask(Kind.CLOSE, b"", (Kind.CLOSED,), self._current)
        except NotOpened as error:
            _log.warning("%s It was closed the hard way.", error)

    def _probe_first(self) -> None:
        """Back to the first device where that is there again; opening it is the only sure test."""
        self._probed = time.monotonic()
        second, first = self._current, self._devices[0]
        try:
            self._open(first, relist=True)
        except NotOpened:
            self._is_open = False  # the player gave the second back to look
            self._current = second
            if self._hold_device:
                self._open_first_of([second])
        else:
            _log.info("%s is there again: playing on it instead of %s.", first, second)
