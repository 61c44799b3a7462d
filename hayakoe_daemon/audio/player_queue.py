"""The sound waiting inside the player: mono int16, cut into pieces, with no edge sharp enough to click.

Imported by the player, which must stay small: no numpy.
"""

from __future__ import annotations

import threading
from array import array
from collections import deque

FADE = 0.012
"""Seconds of the fade when something is cut; a gap and what follows it get a third of that."""


class PlayQueue:
    """Filled by the thread that reads commands, emptied piece by piece by the one that writes to the device."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[array[int]] = deque()
        self._rate = 48000
        self._round = 0
        self._cancelled = True
        self._fading = False
        self._draining = False
        self._lead_in = 0
        self._last = 0  # the last sample written
        self._in_silence = True
        self._taken = 0  # frames of the round handed to the device
        self._pieces: deque[tuple[int, int]] = deque()  # (round or -1 for silence, frames), newest last
        self._silence = 0  # frames of silence since the last sound
        self._starts_at = 0.0  # when the first frame of the round is to be heard, 0: as soon as it can

    def opened(self, rate: int, *, lead_in: float) -> None:
        """A fresh device: nothing of what was before is in it."""
        with self._lock:
            self._rate = rate
            self._lead_in = round(lead_in * rate)
            self._pieces.clear()
            self._last = 0
            self._in_silence = True

    def begin(self, number: int) -> None:
        with self._lock:
            self._round = number
            self._waiting.clear()
            self._cancelled = self._fading = self._draining = False
            self._taken = 0
            self._starts_at = 0.0

    def start_at(self, moment: float) -> None:
        """The first frame of the round that has begun is to be heard at that time.monotonic()."""
        with self._lock:
            self._starts_at = moment

    def put(self, samples: bytes) -> None:
        """Mono int16 of the round that has begun; dropped where that was cancelled."""
        with self._lock:
            if not self._cancelled:
                self._waiting.append(array("h", samples))

    def cancel(self) -> None:
        with self._lock:
            self._fading = bool(self._waiting) and not self._in_silence and not self._cancelled
            self._cancelled = True
            self._draining = False

    def drain(self) -> None:
        with self._lock:
            self._draining = not self._cancelled

    @property
    def idle(self) -> bool:
        """Only silence is wanted for now, and nobody waits for the end."""
        return (not self._waiting and not self._draining and not self._lead_in) or self._starts_at > 0

    def take(self, frames: int, heard_at: float) -> array[int]:
        """The next piece, sound, its fade, or silence: that many frames, or fewer where another kind follows.

        `heard_at` is the time.monotonic() at which its first frame will be heard.
        """
        with self._lock:
            if self._lead_in > 0:
                frames = min(frames, self._lead_in)
                self._lead_in -= frames
                return self._quiet(frames)
            if self._fading:
                return self._faded(frames)
            if self._cancelled:
                self._waiting.clear()
            if not self._waiting:
                return self._quiet(frames)
            early = round((self._starts_at - heard_at) * self._rate) if self._starts_at else 0
            if early > 0:
                return self._quiet(min(frames, early))
            self._starts_at = 0.0
            return self._sound(frames)

    def heard(self, held: int) -> tuple[int, int]:
        """The round, and how many of its frames were heard when `held` frames are still inside the device."""
        with self._lock:
            return self._round, self._heard(held)

    def drained(self, held: int, tail: int) -> bool:
        """True once, when a drain was asked for and every frame was heard: the device holds none of them any more,
        and `tail` frames of silence stand behind the last, because not every device tells truly what it holds."""
        with self._lock:
            if not self._draining or self._waiting or self._lead_in:
                return False
            if self._taken and (self._silence < tail or self._heard(held) < self._taken):
                return False
            self._draining = False
            return True

    def _heard(self, held: int) -> int:
        inside = 0
        keep = 0
        for number, frames in reversed(self._pieces):
            if held <= 0:
                break
            keep += 1
            if number == self._round:
                inside += min(frames, held)
            held -= frames
        while len(self._pieces) > keep:
            self._pieces.popleft()
        return self._taken - inside

    def _gather(self, frames: int) -> array[int]:
        piece: array[int] = array("h")
        while self._waiting and len(piece) < frames:
            first = self._waiting.popleft()
            room = frames - len(piece)
            if len(first) > room:
                self._waiting.appendleft(first[room:])
                first = first[:room]
            piece += first
        return piece

    def _sound(self, frames: int) -> array[int]:
        piece = self._gather(frames)
        if self._in_silence:
            ramp = min(self._soft, len(piece))
            for index in range(ramp):
                piece[index] = piece[index] * index // ramp
        self._in_silence = False
        self._silence = 0
        self._last = piece[-1] if piece else 0
        self._taken += len(piece)
        self._pieces.append((self._round, len(piece)))
        return piece

    def _faded(self, frames: int) -> array[int]:
        """The last of a cancelled round: what was to come, going down to nothing."""
        length = min(round(FADE * self._rate), frames)
        piece = self._gather(length)
        for index in range(len(piece)):
            piece[index] = piece[index] * (len(piece) - index) // (len(piece) + 1)
        self._waiting.clear()
        self._fading = False
        self._last = 0
        self._in_silence = True
        self._silence = 0
        piece += array("h", bytes(2 * (frames - len(piece))))
        self._pieces.append((-1, len(piece)))
        return piece

    def _quiet(self, frames: int) -> array[int]:
        piece = array("h", bytes(2 * frames))
        if self._last:  # sound that stops in mid-wave, because the next has not come in time
            ramp = min(self._soft, frames)
            for index in range(ramp):
                piece[index] = self._last * (ramp - index) // (ramp + 1)
            self._last = 0
        self._in_silence = True
        self._silence += frames
        self._pieces.append((-1, frames))
        return piece

    @property
    def _soft(self) -> int:
        return round(FADE / 3 * self._rate)
