"""What root writes among the daemon's files must be the daemon's, or it could neither change nor remove it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def handed_over(*places: Path) -> Iterator[None]:
    """Afterwards root's files in these folders, which need not exist yet, belong to the owner of the folder.

    A folder that is not there, or is root's, belongs to whoever has the one around it; likewise a place that is a file.
    Where that is root too, all stays root's, as where we are not root. What a link leads to is meant by it.
    """
    with ExitStack() as open_folders:
        found = [] if os.geteuid() != 0 else [_find(place, open_folders) for place in places]
        try:
            yield
        finally:
            for place in found:
                if place is not None:
                    _give(place)


@dataclass(frozen=True, slots=True)
class _Place:
    """Below the open folder `here` the path `below`, empty where it is that folder itself."""

    here: int
    below: tuple[str, ...]
    uid: int
    gid: int


def _find(place: Path, open_folders: ExitStack) -> _Place | None:
    """The nearest folder there is, held open: whose files root gives away is not for its owner to change meanwhile."""
    path = Path(os.path.realpath(place))
    below: tuple[str, ...] = ()
    while True:
        with suppress(FileNotFoundError, NotADirectoryError):
            here = os.open(path, _FOLDER)
            open_folders.callback(os.close, here)
            owner = os.fstat(here)
            if owner.st_uid != 0:
                return _Place(here, below, owner.st_uid, owner.st_gid)
            if below:
                return None
        if path == path.parent:
            return None
        path, below = path.parent, (path.name, *below)


def _give(place: _Place) -> None:
    """By descriptor and without following links: nobody leads root elsewhere.

    What has gone meanwhile, or lies where nothing has an owner (FAT), is passed over.
    """
    here, opened = place.here, []
    try:
        for name in place.below:
            _give_one(name, here, place)
            opened.append(os.open(name, _FOLDER, dir_fd=here))
            here = opened[-1]
        for _, folders, files, inside in os.fwalk(".", dir_fd=here):
            for name in (*folders, *files):
                _give_one(name, inside, place)
    except OSError:
        return
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _give_one(name: str, folder: int, place: _Place) -> None:
    with suppress(OSError):
        if os.stat(name, dir_fd=folder, follow_symlinks=False).st_uid == 0:
            os.chown(name, place.uid, place.gid, dir_fd=folder, follow_symlinks=False)
