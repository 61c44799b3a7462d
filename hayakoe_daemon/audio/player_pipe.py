"""What the daemon and its player child say to each other over two pipes.

A message is one byte of kind, four bytes of length (little-endian) and that many bytes of body. The player imports
this, and the player must stay small: nothing here may import numpy.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

HEADER = struct.Struct("<BI")
ROUND = struct.Struct("<I")
START = struct.Struct("<d")
BEAT = struct.Struct("<IQd")

LONGEST_BODY = 1 << 20
"""Bytes. A longer one means that the two sides have lost each other."""


class Kind(IntEnum):
    """Commands go down to the player, replies come up from it."""

    OPEN = 1
    """JSON of `OpenOrder`; answered with OPENED or FAILED."""
    ROUND = 2
    """The number of the round (ROUND): what comes belongs to it, frames are counted from 0."""
    AUDIO = 3
    """Mono int16 samples, native order, at the rate that OPENED named."""
    CANCEL = 4
    """Fade out at once and drop what is queued. Overtakes the audio before it."""
    DRAIN = 5
    """Answered with DRAINED (ROUND) when every frame of the round was heard."""
    CLOSE = 6
    """Give the device back, the process stays; answered with CLOSED."""
    START = 7
    """The time.monotonic() at which the first frame of the round is to be heard (START); silence until then."""

    READY = 20
    """The player is up and has listed the devices."""
    OPENED = 21
    """JSON: `name`, `rate` (Hz), `channels`, `latency` (s)."""
    FAILED = 22
    """JSON: `reason` (busy, absent, refused, broken) and `text`, what PortAudio said."""
    BEAT = 23
    """After each piece: round, frames of it heard, time.monotonic() of the player (BEAT)."""
    DRAINED = 24
    CLOSED = 25


class Message(NamedTuple):
    """One message; what its body holds is said beside its kind."""

    kind: Kind
    body: bytes


class Broken(Exception):  # noqa: N818, names the state of the pipe
    """What came out of the pipe is no message: the other side is not what we think it is."""


def pack(kind: Kind, body: bytes = b"") -> bytes:
    """The message as it goes into the pipe."""
    return HEADER.pack(kind, len(body)) + body


class Unpacker:
    """Bytes as they come, messages as they were sent."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete now. Raises Broken."""
        self._bytes += data
        messages = []
        while len(self._bytes) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._bytes)
            if length > LONGEST_BODY:
                raise Broken(f"a message of {length} bytes")
            end = HEADER.size + length
            if len(self._bytes) < end:
                break
            try:
                messages.append(Message(Kind(kind), bytes(self._bytes[HEADER.size : end])))
            except ValueError as error:
                raise Broken(str(error)) from error
            del self._bytes[:end]
        return messages
