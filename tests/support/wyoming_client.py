"""The wyoming library's own client, for tests that are not asyncio's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncTcpClient
from wyoming.event import Event, Eventable

from tests.support.waiting import patient

HOST = "127.0.0.1"
LAST = ("error", "info", "pong")


async def converse(port: int, asked: Sequence[Eventable], last: str, seconds: float = 20.0) -> list[Event]:
    """Ask, and all answers up to one of that type, an error, or the end of the connection."""
    answers: list[Event] = []
    async with AsyncTcpClient(HOST, port) as client, asyncio.timeout(patient(seconds)):
        for one in asked:
            await client.write_event(one.event())
        while (event := await client.read_event()) is not None:
            answers.append(event)
            if event.type in (last, "error"):
                break
    return answers


def ask(port: int, *asked: Eventable, last: str = "audio-stop", seconds: float = 20.0) -> list[Event]:
    return asyncio.run(converse(port, asked, last, seconds))


def pcm(answers: Sequence[Event]) -> bytes:
    """All samples."""
    return b"".join(AudioChunk.from_event(one).audio for one in answers if AudioChunk.is_type(one.type))


def rate(answers: Sequence[Event]) -> int:
    return next(AudioStart.from_event(one).rate for one in answers if AudioStart.is_type(one.type))


def types(answers: Sequence[Event]) -> list[str]:
    """The types in order, repeated ones once."""
    found: list[str] = []
    for one in answers:
        if not found or found[-1] != one.type:
            found.append(one.type)
    return found
