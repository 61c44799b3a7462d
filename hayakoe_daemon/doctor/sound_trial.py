"""A sound device tried with half a second of silence, through a player of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

from hayakoe_daemon.audio.opening import NotOpened, Opening, refusal
from hayakoe_daemon.audio.player_pipe import BEAT, ROUND, Kind, Message
from hayakoe_daemon.audio.player_process import PlayerGone, PlayerProcess

LATENCY = 0.06
"""Seconds asked of the device, as the daemon does."""

SILENCE = 0.5
_START_LIMIT, _OPEN_LIMIT, _PLAY_LIMIT = 10.0, 5.0, 5.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it; times in seconds."""

    rate: int
    """Hz that it opened at."""
    channels: int
    opened_in: float
    latency: float
    """From a sample given to the player until it is heard, as the device tells."""
    tail: float
    """From when the last sample is to be heard until all is surely out: only then has a sentence been said."""
    pace: float
    """Seconds of sound played in a second: 1 on a card, far more on what only takes files."""


def try_device(device: str, rate: int | None, environment: Mapping[str, str] | None = None) -> Trial:
    """Raises NotOpened, whose message says why."""
    try:
        with closing(_Closing(environment)) as player:
            return player.trial(device, Opening(rate, LATENCY, lead_in=0.0))
    except PlayerGone as error:
        raise NotOpened(f"The sound device {device} did not get through half a second of silence: {error}.") from None


class _Closing:
    """A player that ends with the trial."""

    def __init__(self, environment: Mapping[str, str] | None) -> None:
        self._player = PlayerProcess(environment)
        self._beats: list[tuple[int, float]] = []
        """Frames heard, and when."""

    def close(self) -> None:
        self._player.end()

    def trial(self, device: str, opening: Opening) -> Trial:
        player = self._player
        player.wait_for((Kind.READY,), _START_LIMIT, _refused(device))
        began = time.monotonic()
        player.send(Kind.OPEN, opening.order(device, relist=False))
        opened = json.loads(player.wait_for((Kind.OPENED,), _OPEN_LIMIT, _refused(device)).body)
        opened_in = time.monotonic() - began
        frames = round(SILENCE * opened["rate"])
        player.send(Kind.ROUND, ROUND.pack(1))
        sent = time.monotonic()
        player.send(Kind.AUDIO, bytes(2 * frames))
        player.send(Kind.DRAIN)
        player.wait_for((Kind.DRAINED,), _PLAY_LIMIT, self._note)
        drained = time.monotonic()
        heard, first = next(((heard, at) for heard, at in self._beats if heard), (frames, drained))
        last = next((at for heard, at in self._beats if heard >= frames), drained)
        between = max(last - first, 1e-3)
        began_at = first - heard / opened["rate"]
        return Trial(
            rate=opened["rate"],
            channels=opened["channels"],
            opened_in=opened_in,
            latency=max(0.0, began_at - sent),
            tail=max(0.0, drained - began_at - SILENCE),
            pace=(frames - heard) / opened["rate"] / between if frames > heard else float("inf"),
        )

    def _note(self, message: Message) -> None:
        if message.kind is Kind.BEAT:
            number, heard, at = BEAT.unpack(message.body)
            if number == 1:
                self._beats.append((heard, at))


def _refused(device: str) -> Callable[[Message], None]:
    def take(message: Message) -> None:
        if message.kind is Kind.FAILED:
            told = json.loads(message.body)
            raise refusal(device, told["reason"], told["text"])

    return take
