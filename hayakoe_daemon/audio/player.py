"""The player: a child process that owns the sound device, and the only import of sounddevice.

PortAudio can hang in C for ever (a card unplugged while playing), and then only killing the process helps. So it lives
here, and the parent (`player_process.py`) kills it when its heartbeat stops. It must stay small: no numpy, no soxr.

    python -m hayakoe_daemon.audio.player           commands on stdin, replies on stdout, see player_pipe.py
    python -m hayakoe_daemon.audio.player --list    the output devices as JSON
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time
from array import array
from collections import deque
from contextlib import suppress
from typing import Any

from hayakoe_daemon.audio.player_pipe import BEAT, ROUND, START, Kind, Message, Unpacker, pack
from hayakoe_daemon.audio.player_queue import PlayQueue

PIECE = 0.02
"""Seconds written at once: the step of the heartbeat, and what a cancel may have to wait for."""

TAIL = 0.02
"""Seconds of silence beyond the device's own latency, after which the last sample is surely out."""

AHEAD = 0.05
"""Seconds of idle silence that a device which does not pace its writer (a file) gets ahead of the clock."""

BUSY, INVALID_DEVICE, NO_SUCH_DEVICE = -9985, -9996, -9993


class OpenFailed(Exception):  # noqa: N818, names the event
    """No stream could be opened; `reason` is that of FAILED (busy, absent, refused, broken), the text PortAudio's."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Commands:
    """Reads stdin in a thread of its own, so that a cancel overtakes the audio queued before it.

    The end of stdin means that the daemon is gone; the process then ends at once, even while PortAudio hangs.
    """

    def __init__(self, source: int, queue: PlayQueue) -> None:
        self._source = source
        self._queue = queue
        self._orders: deque[Message] = deque()
        self._arrived = threading.Condition()
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def next(self, timeout: float | None) -> Message | None:
        """The next order that is not about queued sound, or None. None as timeout waits for ever."""
        with self._arrived:
            if not self._orders and timeout != 0:
                self._arrived.wait(timeout)
            return self._orders.popleft() if self._orders else None

    def _read(self) -> None:
        unpacker = Unpacker()
        with suppress(BaseException):  # whatever happens here, the process must not live on deaf
            while data := os.read(self._source, 65536):
                for message in unpacker.feed(data):
                    self._take(message)
        os._exit(0)

    def _take(self, message: Message) -> None:
        if message.kind is Kind.AUDIO:
            self._queue.put(message.body)
        elif message.kind is Kind.CANCEL:
            self._queue.cancel()
        elif message.kind is Kind.ROUND:
            self._queue.begin(*ROUND.unpack(message.body))
        elif message.kind is Kind.START:
            self._queue.start_at(*START.unpack(message.body))
        elif message.kind is Kind.DRAIN:
            self._queue.drain()
        else:
            with self._arrived:
                self._orders.append(message)
                self._arrived.notify()
            return
        with self._arrived:
            self._arrived.notify()


class Replies:
    """Writes to stdout. A heartbeat that the parent has no room for is dropped, the next one says the same."""

    def __init__(self, target: int) -> None:
        self._target = target
        os.set_blocking(target, False)

    def send(self, kind: Kind, body: bytes = b"") -> None:
        data = pack(kind, body)  # below PIPE_BUF: all of it is written, or nothing
        while True:
            try:
                os.write(self._target, data)
            except BlockingIOError:
                if kind is Kind.BEAT:
                    return
                select.select([], [self._target], [])
            else:
                return

    def send_json(self, kind: Kind, **values: Any) -> None:
        self.send(kind, json.dumps(values).encode()[:4000])


class Device:
    """An open PortAudio stream: mono int16 in, silence included."""

    def __init__(self, sd: Any, order: dict[str, Any]) -> None:
        if order["relist"]:
            relist(sd)
        try:
            self._stream, self.rate, self.channels, self.name = open_stream(sd, order)
        except OpenFailed as error:
            if order["relist"] or error.reason != "absent":
                raise
            relist(sd)  # it may have come, or come back, since the list was made
            self._stream, self.rate, self.channels, self.name = open_stream(sd, order)
        self.latency = float(self._stream.latency)
        self._buffer = int(self._stream.write_available)  # before the first write all of it is free
        self._stream.start()
        self._opened = time.monotonic()
        self.written = 0

    def write(self, samples: array[int]) -> None:
        """Blocks until the device has room; for ever where the card is gone."""
        if self.channels == 2:
            both = array("h", bytes(4 * len(samples)))
            both[0::2] = both[1::2] = samples
            samples = both
        self._stream.write(samples.tobytes())
        self.written += len(samples) // self.channels

    @property
    def held(self) -> int:
        """Frames written and not heard yet."""
        return min(max(self._buffer - int(self._stream.write_available), 0), self.written)

    @property
    def swallows(self) -> bool:
        """It takes sound faster than that could be heard: it holds nothing, and yet we are ahead of the clock."""
        return self.held == 0 and self.written / self.rate > time.monotonic() - self._opened + AHEAD

    def close(self) -> None:
        self._stream.abort()
        self._stream.close()


def relist(sd: Any) -> None:
    """PortAudio lists devices once, when it starts."""
    sd._terminate()  # noqa: SLF001, there is no other way to list anew
    sd._initialize()  # noqa: SLF001, likewise


def outputs(sd: Any) -> list[dict[str, Any]]:
    """PortAudio's entries that sound can be sent to, as `sounddevice.query_devices` gives them."""
    return [entry for entry in sd.query_devices() if entry["max_output_channels"] > 0]


def find(sd: Any, order: dict[str, Any]) -> dict[str, Any] | None:
    """PortAudio's entry for the order: by `hw:N,n` inside the name, by the exact name, or the default."""
    entries = outputs(sd)
    if order["hw"]:
        return next((entry for entry in entries if f"({order['hw']})" in entry["name"]), None)
    if order["name"]:
        return next((entry for entry in entries if entry["name"] == order["name"]), None)
    by_name = next((entry for entry in entries if entry["name"] == "default"), None)
    default = sd.default.device[1]
    return by_name or next((entry for entry in entries if entry["index"] == default), None)


def open_stream(sd: Any, order: dict[str, Any]) -> tuple[Any, int, int, str]:
    """The stream, its rate, channels and name: at the rate asked for, then at what most cards and this one like best.

    Raises OpenFailed.
    """
    entry = find(sd, order)
    if entry is None:
        raise OpenFailed("absent", "PortAudio does not list it")
    rates = dict.fromkeys(rate for rate in (order["rate"], 48000, int(entry["default_samplerate"]), 44100) if rate)
    refusals = []
    for rate in rates:
        for channels in (1, 2):
            try:
                stream = sd.RawOutputStream(
                    samplerate=rate,
                    device=entry["index"],
                    channels=channels,
                    dtype="int16",
                    latency=order["latency"],
                )
            except sd.PortAudioError as error:
                code = error.args[1] if len(error.args) > 1 else 0
                reason = {BUSY: "busy", INVALID_DEVICE: "absent", NO_SUCH_DEVICE: "absent"}.get(code, "refused")
                if reason != "refused":
                    raise OpenFailed(reason, str(error)) from error
                refusals.append(str(error))
            else:
                return stream, rate, channels, str(entry["name"])
    raise OpenFailed("refused", refusals[0])


class Player:
    """One turn after the other: an order if there is one, else a piece of sound or silence."""

    def __init__(self, sd: Any, commands: Commands, queue: PlayQueue, replies: Replies) -> None:
        self._sd = sd
        self._commands = commands
        self._queue = queue
        self._replies = replies
        self._device: Device | None = None

    def run(self) -> None:
        self._replies.send(Kind.READY)
        while True:
            order = self._commands.next(timeout=None if self._device is None else 0)
            if order is not None:
                self._obey(order)
            if self._device is not None:
                self._play(self._device)

    def _obey(self, order: Message) -> None:
        if order.kind is Kind.OPEN:
            self._open(json.loads(order.body))
        elif order.kind is Kind.CLOSE:
            self._close()
            self._replies.send(Kind.CLOSED)

    def _open(self, order: dict[str, Any]) -> None:
        self._close()
        try:
            self._device = Device(self._sd, order)
        except OpenFailed as error:
            self._replies.send_json(Kind.FAILED, reason=error.reason, text=str(error))
            return
        except self._sd.PortAudioError as error:
            self._replies.send_json(Kind.FAILED, reason="refused", text=str(error))
            return
        device = self._device
        self._queue.opened(device.rate, lead_in=order["lead_in"])
        self._replies.send_json(
            Kind.OPENED, name=device.name, rate=device.rate, channels=device.channels, latency=device.latency
        )

    def _close(self) -> None:
        if self._device is not None:
            device, self._device = self._device, None
            device.close()

    def _play(self, device: Device) -> None:
        if self._queue.idle and device.swallows:
            order = self._commands.next(timeout=PIECE)  # or it would fill the disk with silence
            if order is not None:
                self._obey(order)
        else:
            heard_at = time.monotonic() + device.held / device.rate
            device.write(self._queue.take(round(PIECE * device.rate), heard_at))
        if self._device is device:
            self._report(device)

    def _report(self, device: Device) -> None:
        held = device.held
        number, heard = self._queue.heard(held)
        self._replies.send(Kind.BEAT, BEAT.pack(number, heard, time.monotonic()))
        if self._queue.drained(held, round((device.latency + TAIL) * device.rate)):
            self._replies.send(Kind.DRAINED, ROUND.pack(number))


def list_outputs(sd: Any) -> str:
    default = find(sd, {"hw": None, "name": None})
    return json.dumps(
        [
            {
                "name": entry["name"],
                "channels": entry["max_output_channels"],
                "rate": int(entry["default_samplerate"]),
                "default": default is not None and entry["index"] == default["index"],
            }
            for entry in outputs(sd)
        ]
    )


def take_stdout() -> int:
    """A descriptor of our own for stdout; what C libraries print there goes nowhere."""
    mine = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return mine


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group, but ending us
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # is the parent's business: it lets the sentence fade first
    stdout = take_stdout()
    if sys.argv[1:] == ["--list"]:
        import sounddevice as sd  # noqa: PLC0415, PortAudio prints to stdout and stderr while it starts

        os.write(stdout, list_outputs(sd).encode())
        return
    queue = PlayQueue()
    commands = Commands(0, queue)
    replies = Replies(stdout)
    try:
        import sounddevice as sd  # noqa: PLC0415, a missing libportaudio2 is told to the parent and not to stderr
    except OSError as error:
        replies.send_json(Kind.FAILED, reason="broken", text=str(error))
        return
    try:
        Player(sd, commands, queue, replies).run()
    finally:
        os._exit(1)  # at once: PortAudio's own farewell may hang, and the parent waits to be told


if __name__ == "__main__":
    main()
