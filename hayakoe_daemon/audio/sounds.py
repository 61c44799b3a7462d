"""Sound files of the configured folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import TARGET, even

LONGEST = 60.0
"""Seconds a sound may last."""

SLOWEST_RATE, FASTEST_RATE = 8_000, 192_000

PART = 1 << 16
"""Frames read at once: a long sound of many channels must not fill the memory."""


class SoundError(Exception):
    """The sound cannot be played; the message names the file and says why."""


def find_sound(folder: Path, name: str) -> Path:
    """The file `name` (relative, `/` between folders) inside `folder`. Raises SoundError; a link may not lead out."""
    if not name or "\0" in name or name.startswith("/") or "\\" in name or ".." in name.split("/"):
        raise SoundError(f"{name!r} is not the name of a sound: give a file name inside {folder}")
    try:
        home = folder.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise SoundError(f"the sound folder {folder} does not exist") from error
    try:
        path = (home / name).resolve(strict=True)
        is_file = path.is_file()
    except (OSError, RuntimeError, UnicodeError) as error:
        raise SoundError(f"there is no sound {name!r} in {folder}") from error
    if not path.is_relative_to(home):
        raise SoundError(f"the sound {name!r} is a link that leads out of {folder}")
    if not is_file:
        raise SoundError(f"the sound {name!r} in {folder} is not a file")
    return path


def load_sound(folder: Path, name: str, *, longest: float = LONGEST, target: float = TARGET) -> AudioChunk:
    """The sound (WAV, FLAC, OGG) as mono at its own rate, brought to `target` LUFS. Raises SoundError."""
    path = find_sound(folder, name)
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > longest * file.samplerate:
                seconds = file.frames / file.samplerate
                raise SoundError(f"the sound {name!r} lasts {seconds:.0f} s; at most {longest:g} s are played")
            rate = int(file.samplerate)
            parts = [part.mean(axis=1) for part in file.blocks(PART, dtype="float32", always_2d=True)]
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise SoundError(f"{name!r} in {folder} is not a sound file that can be read (WAV, FLAC, OGG)") from error
    if not SLOWEST_RATE <= rate <= FASTEST_RATE:
        raise SoundError(f"the sound {name!r} has a rate of {rate} Hz; {SLOWEST_RATE} to {FASTEST_RATE} Hz are played")
    mono = np.concatenate([np.zeros(0, np.float32), *parts])
    if not len(mono):
        raise SoundError(f"the sound {name!r} in {folder} is empty")
    if not np.isfinite(mono).all():
        raise SoundError(f"the sound {name!r} is damaged: it holds values that are not numbers")
    return even(AudioChunk(mono, rate), target)
