"""A folder of WAV files as a Sink: what would have been heard, one file a round."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import soundfile

from hayakoe_daemon.audio.backlog import Backlog
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.sink import Cancelled, SinkLost

RATE = 48_000
"""Hz of every file, as a card would play it."""

_LONGEST_TITLE = 40
_UNSAFE = re.compile(r"[^\w-]+")


class WavSink:
    """Writes `YYYYmmdd-HHMMSS-mmm-TITLE.wav`, 16 bit mono, into `folder`; a round that is not over ends in `.part`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._backlog = Backlog(RATE)
        self._lock = threading.Lock()
        self._file: soundfile.SoundFile | None = None
        self._path: Path | None = None
        self._written = 0
        self._cancelled = False
        self._lost: str | None = None
        self._title = ""

    @property
    def name(self) -> str:
        return f"wav:{self._folder}"

    @property
    def position(self) -> float:
        return self._backlog.position

    @property
    def head_start(self) -> float:
        return 0.0

    def begin(self, title: str) -> None:
        with self._lock:
            with suppress(SinkLost):  # what is left of an earlier round keeps nobody from this one
                self._end_file()
            self._file = self._path = None
            self._backlog.begin()
            self._written = 0
            self._cancelled = False
            self._lost = None
            self._title = title
            self._open_file()

    def start_at(self, moment: float) -> None:
        """What is written is there at once."""

    def write(self, chunk: AudioChunk) -> None:
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._backlog.accept(chunk)
            self._write_backlog()

    def finish(self) -> None:
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._backlog.end()
            self._write_backlog()
            self._end_file()

    def resume(self) -> None:
        """After a full disk: what was not written goes on in the same file, or in a new one where that was lost."""
        with self._lock:
            self._lost = None
            self._backlog.rewind()
            self._written = 0
            if self._cancelled:
                return
            if self._path is None:
                self._open_file()
            self._write_backlog()

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            with suppress(SinkLost):  # kept for `tend` to say
                self._end_file()

    def tend(self) -> None:
        if self._lost is not None:
            raise SinkLost(self._lost)

    def close(self) -> None:
        with self._lock, suppress(SinkLost):
            self._end_file()

    def _open_file(self) -> None:
        now = datetime.now().astimezone()
        stamp = f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}"
        title = _UNSAFE.sub("_", self._title).strip("_")[:_LONGEST_TITLE] or "sound"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = _free(self._folder / f"{stamp}-{title}.wav")
            self._file = soundfile.SoundFile(path.with_suffix(".part"), "w", RATE, 1, subtype="PCM_16", format="WAV")
            self._path = path
        except (OSError, soundfile.LibsndfileError) as error:
            raise self._lose(error) from error

    def _write_backlog(self) -> None:
        if self._lost is not None:
            raise SinkLost(self._lost)
        while (block := self._backlog.next_block()) is not None:
            if self._file is None:
                raise RuntimeError("write before begin")
            try:
                self._file.buffer_write(block, "int16")
            except (OSError, soundfile.LibsndfileError, AssertionError) as error:
                raise self._lose(error) from error
            self._written += len(block) // 2
            self._backlog.heard(self._written)

    def _lose(self, error: BaseException) -> SinkLost:
        self._lost = (
            f"WAV files cannot be written to {self._folder}: {_reason(error)}. "
            "Make room or choose another folder; what was not written is kept."
        )
        return SinkLost(self._lost)

    def _end_file(self) -> None:
        """Close it and give it its name; where that fails it can be called again."""
        if self._path is None:
            return
        part = self._path.with_suffix(".part")
        try:
            # one that could not be closed is opened again: its header has to say how long it is
            file, self._file = self._file or soundfile.SoundFile(part, "r+"), None
            file.close()
            part.replace(self._path)
        except (OSError, soundfile.LibsndfileError) as error:
            if not part.exists():
                self._path = None
            raise self._lose(error) from error
        self._path = None


def _free(path: Path) -> Path:
    """Two rounds can begin within a millisecond."""
    number = 2
    free = path
    while free.exists() or free.with_suffix(".part").exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rpartition(": ")[2].rstrip(".") or "the disk is full, perhaps"
