"""What opening a voice gives, or that it takes a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.voice.engine import Engine
from hayakoe_daemon.voice.stamps import Stamps


class BeingPrepared(Exception):  # noqa: N818, nothing is wrong
    """It cannot be opened yet; `KeptVoice.renew` is called when it can."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A voice that was opened."""

    engine: Engine
    files: Stamps
    """That it came from, as they were before it was opened: where they change it is another voice."""
    mapped: tuple[Path, ...] = ()
    """Files that it reads while it speaks."""
    note: str | None = None
    """What a person should know of it that is not as it could be."""
    at_once: int = 1
    """How many sentences it makes in the least time, where all of a text is wanted before any of it is heard."""
    of_no_use: Callable[[str], None] = lambda _: None
    """Told why it could not be warmed up."""
