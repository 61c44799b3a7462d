"""Sentences that were rendered before, found by what the models would be fed; see Recipe."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.voice.cache.changing import says_a_number
from hayakoe_daemon.voice.cache.keep import Keep
from hayakoe_daemon.voice.cache.making import Making
from hayakoe_daemon.voice.cache.memory import Memory
from hayakoe_daemon.voice.cache.shelf import Damaged, Entry, Shelf

log = logging.getLogger(__name__)

LIMIT = 512 * 1024 * 1024
MAX_WAITING = 60.0
"""Seconds of sound that wait to be written; with a disk so slow what comes on top is not kept."""
SAVE_EVERY = 3600.0
"""Seconds between two writings of the order of use: rarely, for the sake of SD cards."""
TRY_AGAIN = 600.0
"""Seconds without an attempt to write after the disk refused one."""
_WAIT = 0.5


@dataclass(frozen=True, slots=True)
class Statistics:
    """Since the start, but for `sounds` and `bytes`, which are what lies there now."""

    hits: int = 0
    misses: int = 0
    written: int = 0
    """Bytes."""
    damaged: int = 0
    sounds: int = 0
    bytes: int = 0
    pinned: int = 0

    def document(self) -> dict[str, int]:
        """For people and Home Assistant."""
        return asdict(self)


class RenderCache:
    """A folder of rendered sentences, at most `limit_bytes` large; the longest unused are dropped first.

    `encode` and `decode` turn sound into a file's bytes and back, piece by piece; ValueError from `decode` means that
    they are damaged. `trouble` is told once when the disk refuses to be written to; speech goes on without.

    Any thread may call anything. What is put is written by `step`, which one thread calls again and again, or by
    `flush`; until then it is found all the same.
    """

    def __init__(
        self,
        folder: Path,
        *,
        encode: Callable[[AudioChunk], bytes],
        decode: Callable[[bytes], Iterator[AudioChunk]],
        limit_bytes: int = LIMIT,
        trouble: Callable[[str], None] = lambda message: log.warning("%s", message),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shelf = Shelf(folder)
        self._encode = encode
        self._decode = decode
        self._limit = limit_bytes
        self._trouble = trouble
        self._clock = clock
        self._changed = threading.Condition()
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._total = 0
        self._pinned: set[str] = set()
        self._waiting: deque[tuple[str, AudioChunk]] = deque()
        self._unwritten: dict[str, AudioChunk] = {}
        self._making: dict[str, Making] = {}
        self._hits = self._misses = self._written = self._damaged = 0
        self._told = False
        self._resting_until = float("-inf")
        self._saved = clock()
        self._memory = Memory(folder / "memory")
        self._scan()

    # ------------------------------------------------------------------------------------------------------- the sounds

    def through(
        self, key: str, make: Callable[[], Iterator[AudioChunk]], *, text: str, keep: Keep = Keep.NORMAL
    ) -> Iterator[AudioChunk]:
        """The sound kept under `key`, else what `make()` gives, which is kept when it was made to its end.

        What is in the making to be kept is not made twice: who asks meanwhile has what there is of it, and goes on.
        `text` decides for Keep.NORMAL whether it is worth being written.
        """
        if keep.looks and (kept := self.get(key, pin=keep is Keep.PINNED)) is not None:
            yield from kept
            return
        making = self._join(key, make, keep, begins=keep.writes(changing=says_a_number(text)))
        if making is None:
            yield from make()
            return
        try:
            yield from making.read()
        finally:
            self._leave(key, making)
        if keep is Keep.PINNED and self.has(key):
            with self._changed:
                self._pinned.add(key)

    def under_way(self, key: str) -> float:
        """Seconds of computing that went into what is in the making under `key`; 0 where nothing is."""
        with self._changed:
            making = self._making.get(key)
        return 0.0 if making is None else making.spent

    def _join(self, key: str, make: Callable[[], Iterator[AudioChunk]], keep: Keep, *, begins: bool) -> Making | None:
        """The one in the making, else a new one where one `begins`."""
        with self._changed:
            making = self._making.get(key) if keep.looks else None
            if making is None or making.error is not None:
                if not begins:
                    return None
                making = self._making[key] = Making(make(), lambda pieces: self._keep(key, pieces))
            making.readers += 1
            return making

    def _leave(self, key: str, making: Making) -> None:
        with self._changed:
            making.readers -= 1
            last = not making.readers
            if last and self._making.get(key) is making:
                del self._making[key]
        if last:
            making.close()

    def _keep(self, key: str, pieces: Sequence[AudioChunk]) -> None:
        if pieces:
            self.put(key, AudioChunk(np.concatenate([piece.samples for piece in pieces]), pieces[0].sample_rate))

    def has(self, key: str) -> bool:
        """True where `get` should find it; nothing is read."""
        with self._changed:
            return key in self._entries or key in self._unwritten

    def get(self, key: str, *, pin: bool = False) -> Iterator[AudioChunk] | None:
        """The sound in pieces, the first already decoded; None where there is none, or none that is whole."""
        with self._changed:
            unwritten, entry = self._unwritten.get(key), self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
        sound = iter((unwritten,)) if unwritten is not None else self._read(entry) if entry is not None else None
        with self._changed:
            if sound is None:
                self._misses += 1
            else:
                self._hits += 1
                if pin:
                    self._pinned.add(key)
        return sound

    def put(self, key: str, chunk: AudioChunk, *, pinned: bool = False) -> None:
        """Keep the sound; it is written later. Passed over where there is none, or too much waits already."""
        if not len(chunk.samples) or self._limit <= 0:
            return
        with self._changed:
            if pinned:
                self._pinned.add(key)
            if sum(one.seconds for _, one in self._waiting) + chunk.seconds > MAX_WAITING and self._waiting:
                log.warning("the disk is too slow for the render cache: a sentence is not kept")
                return
            self._waiting.append((key, chunk))
            self._unwritten[key] = chunk
            self._changed.notify_all()

    def release_pins(self) -> None:
        """Nothing is pinned any more; what still shall be is put or got again. Pins do not outlive the process."""
        with self._changed:
            self._pinned.clear()

    # ------------------------------------------------------------------------------------------------------- the pauses

    def pause(self, key: str) -> float | None:
        """Seconds of silence noted under the key of `recipe.pause_key`."""
        with self._changed:
            return self._memory.pause(key)

    def note_pause(self, key: str, seconds: float) -> None:
        """Written with the next `step` that has to; a crash before loses it, and it is computed again."""
        with self._changed:
            self._memory.note_pause(key, seconds)

    # ------------------------------------------------------------------------------------------------------ its upkeep

    @property
    def statistics(self) -> Statistics:
        with self._changed:
            return Statistics(
                hits=self._hits,
                misses=self._misses,
                written=self._written,
                damaged=self._damaged,
                sounds=len(self._entries.keys() | self._unwritten.keys()),
                bytes=self._total,
                pinned=len(self._pinned),
            )

    def step(self) -> None:
        """Write one sound, or wait for one, half a second at the most."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, _WAIT)
        self._write_next()
        if self._memory.changed and self._clock() - self._saved >= SAVE_EVERY:
            self._save()

    def flush(self) -> None:
        """Write everything now, as at the end."""
        while self._write_next():
            pass
        if self._memory.changed:
            self._save()

    def _write_next(self) -> bool:
        with self._changed:
            if not self._waiting:
                return False
            key, chunk = self._waiting.popleft()
        try:
            if self._clock() >= self._resting_until:
                self._stored(self._shelf.write(key, self._encode(chunk)))
                self._told = False
        except OSError as error:
            self._refused(error)
        finally:
            with self._changed:
                if self._unwritten.get(key) is chunk:
                    del self._unwritten[key]
        return True

    def _stored(self, entry: Entry) -> None:
        with self._changed:
            before = self._entries.pop(entry.key, None)
            self._entries[entry.key] = entry
            self._total += entry.size - (before.size if before is not None else 0)
            self._written += entry.size
            dropped = self._make_room()
            if before is not None and before.name != entry.name:
                dropped.append(before)
        for one in dropped:
            self._shelf.remove(one)

    def _make_room(self) -> list[Entry]:
        """Forget what is too much, the longest unused first. Its files are for the caller to remove."""
        dropped: list[Entry] = []
        for entry in list(self._entries.values()):
            if self._total <= self._limit:
                break
            if entry.key not in self._pinned:
                dropped.append(entry)
                self._forget(entry)
        return dropped

    def _forget(self, entry: Entry) -> None:
        if self._entries.get(entry.key) is entry:
            del self._entries[entry.key]
            self._total -= entry.size

    def _read(self, entry: Entry) -> Iterator[AudioChunk] | None:
        try:
            pieces = self._decode(self._shelf.read(entry))
            first = next(pieces)
        except (Damaged, ValueError, StopIteration) as error:
            log.warning("a kept sentence is rendered again: %s", error)
            with self._changed:
                self._damaged += 1
                self._forget(entry)
            self._shelf.remove(entry)
            return None
        with self._changed:
            self._memory.changed = True  # the order of use
        return chain((first,), pieces)

    def _save(self) -> None:
        with self._changed:
            self._saved = self._clock()
            document = self._memory.document(self._entries)
        try:
            self._memory.save(document)
        except OSError as error:
            self._refused(error)

    def _refused(self, error: OSError) -> None:
        self._resting_until = self._clock() + TRY_AGAIN
        if not self._told:
            self._told = True
            self._trouble(
                f"rendered speech cannot be kept in {self._shelf.folder}: {error.strerror or error}. Speech goes on, "
                "each sentence made anew; make room there, or let the daemon write to it"
            )

    def _scan(self) -> None:
        try:
            found = list(self._shelf.entries())
        except OSError as error:
            self._refused(error)
            return
        found.sort(key=lambda one: (1, one.written) if (place := self._memory.place(one.key)) is None else (0, place))
        with self._changed:
            for entry in found:
                double = self._entries.pop(entry.key, None)
                self._total += entry.size - (double.size if double is not None else 0)
                self._entries[entry.key] = entry
                if double is not None:
                    self._shelf.remove(double)
            dropped = self._make_room()
        for entry in dropped:
            self._shelf.remove(entry)
