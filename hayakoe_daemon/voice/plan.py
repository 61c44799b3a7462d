"""When a sentence that is made more slowly than it is heard may begin, so that it never runs dry within itself.

Playing may begin at T where every piece i is there when the ones before it have been heard: T >= ready(i) - seconds of
sound before i, for all i. On a machine that is faster than sound the first piece may go at once; on a slower one the
last piece decides, and T is as late as needed and no later. Everything here is arithmetic: moments come as arguments.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from hayakoe_daemon.audio.chunk import AudioChunk

MARGIN = 0.1
"""How much longer than foreseen everything may take."""

SHARED = 2.0
"""How many times longer everything takes, at most, while another sentence is begun beside it."""

_WEIGHT = 0.3
"""What the newest sentence counts for in the pace; the ones before it share the rest."""

UNKNOWN = 1.0
"""Lane seconds for a second of sound before anything was measured: as slow as sound, which a warm-up will correct."""


class Pace:
    """How fast one voice is on this machine, learned sentence by sentence."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._cost: float | None = None

    @property
    def cost(self) -> float:
        """Seconds that a lane takes for a second of sound, while all lanes are at work."""
        return UNKNOWN if self._cost is None else self._cost

    @property
    def rtf(self) -> float:
        """Seconds of computing for a second of sound, all lanes together."""
        return self.cost / self.lanes

    def learn(self, lane_seconds: float, sound_seconds: float) -> None:
        """What a sentence took on the lanes, one with the other; one without sound teaches nothing."""
        if sound_seconds <= 0:
            return
        cost = lane_seconds / sound_seconds
        self._cost = cost if self._cost is None else self._cost + _WEIGHT * (cost - self._cost)


@dataclass(frozen=True, slots=True)
class Expected:
    """A piece that is not there yet: in how many seconds it will be, and how many seconds of sound it is."""

    within: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is still to come of a sentence, as seen at the moment `at` (time.monotonic)."""

    at: float
    coming: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class Piece(AudioChunk):
    """A chunk of a sentence whose maker knows what will follow."""

    outlook: Outlook | None = None


@dataclass(frozen=True, slots=True)
class Unmade:
    """A piece to be made: its sound in seconds, and for how long a lane has been at it already."""

    seconds: float
    elapsed: float = 0.0
    done: bool = False


def outlook(at: float, pieces: Iterable[Unmade], *, cost: float, lanes: int) -> Outlook:
    """When each piece will be there, in order, where each takes a lane `cost` seconds for a second of sound.

    The lane that is free first takes the next one; a piece is handed out after those before it.
    """
    free = [0.0] * lanes
    latest = 0.0
    coming: list[Expected] = []
    for piece in pieces:
        if not piece.done:
            begin = heapq.heappop(free)
            end = begin + max(0.0, piece.seconds * cost - piece.elapsed)
            heapq.heappush(free, end)
            latest = max(latest, end)
        coming.append(Expected(latest, piece.seconds))
    return Outlook(at, tuple(coming))


def leaves_room(outlook: Outlook, *, unheard: float, now: float) -> bool:
    """Whether all that is to come would be there in time even if it took SHARED times as long as foreseen, where
    `unheard` seconds of sound lie ready at `now` (time.monotonic).
    """
    since = now - outlook.at
    for piece in outlook.coming:
        if piece.within * SHARED - since > unheard:
            return False
        unheard += piece.seconds
    return True


class Start:
    """The start of one sentence: told of each piece that arrives, it says how long to hold them back.

    Where pieces come later than foreseen, what is still to come is expected to be as much later.
    """

    def __init__(self) -> None:
        self._buffered = 0.0
        """Seconds of sound that have arrived."""
        self._outlook: Outlook | None = None
        self._foreseen = 0.0
        self._taken = 0.0

    def arrived(self, seconds: float, outlook: Outlook | None) -> None:
        """A piece is there; without an outlook nothing is known of what follows, and it may go at once."""
        self._buffered += seconds
        before, self._outlook = self._outlook, outlook
        if before is not None and before.coming and outlook is not None:
            self._foreseen += before.coming[0].within
            self._taken += max(0.0, outlook.at - before.at)

    def wait(self, now: float) -> float:
        """Seconds until the first piece may be handed out, 0 for at once; to be asked again, for it changes."""
        if self._outlook is None or not self._outlook.coming:
            return 0.0
        since = now - self._outlook.at
        stretch = self._stretch(since, self._outlook.coming[0].within)
        wait, before = 0.0, self._buffered
        for piece in self._outlook.coming:
            wait = max(wait, piece.within * stretch - since - before)
            before += piece.seconds
        return wait

    def _stretch(self, since: float, within: float) -> float:
        """How many times longer than foreseen it takes: as seen so far, or as a piece that is overdue shows."""
        seen = self._taken / self._foreseen if self._foreseen > 0 else 1.0
        if since > within > 0:
            seen = max(seen, (self._taken + since) / (self._foreseen + within))
        return max(1.0, seen) * (1.0 + MARGIN)
