"""What a user may do with files. It is asked as that user: folders on the way, groups and access lists all count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.doctor.account import Account
from hayakoe_daemon.doctor.child import run_module

_PATIENCE = 8.0
_HOMES = ("/home", "/root", "/run/user")


class NotAsked(Exception):  # noqa: N818, a state of the world
    """Nobody could be asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Need:
    """A file or folder that is there, and what the daemon has to be allowed there."""

    what: str
    path: Path
    mode: int
    """os.R_OK, os.W_OK, os.X_OK, or several of them."""
    own: bool = False
    """The folder is the daemon's, with all that is in it."""
    make: Path | None = None
    """The folder that the daemon would make there."""


@dataclass(frozen=True, slots=True)
class Barred:
    """What is not allowed."""

    need: Need
    by: Path
    """The file itself, or a folder on the way to it."""
    walled: bool = False
    """The user might; the unit keeps the daemon out."""


def barred(account: Account, needs: Sequence[Need]) -> list[Barred]:
    """Those of them that the user lacks. Raises NotAsked where we are neither that user nor root."""
    asked = [(str(need.path.absolute()), need.mode) for need in needs]
    root = "" if account.process is None else f"/proc/{account.process}/root"
    if account.is_me:
        answers = [(by, by is not None and account.is_service and _is_wall(by)) for by, _ in _look(asked, "")]
    elif os.geteuid() == 0:
        answers = _as(account, {"asked": asked, "root": root})
    else:
        raise NotAsked(f"only root can tell what the user {account.name} may do")
    return [Barred(need, Path(by), walled) for need, (by, walled) in zip(needs, answers, strict=True) if by is not None]


def _is_wall(by: str) -> bool:
    """Whether a unit has put that there, seen from inside: ProtectHome= and ProtectSystem=, see systemd.exec(5)."""
    try:
        return by in _HOMES or bool(os.statvfs(by).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _as(account: Account, told: dict[str, object]) -> list[tuple[str | None, bool]]:
    whole = {**told, "uid": account.uid, "gid": account.gid, "groups": account.groups}
    try:
        done = run_module(__name__, json.dumps(whole).encode(), patience=_PATIENCE)
        answers: list[tuple[str | None, bool]] = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise NotAsked(f"no process of {account.name} could be asked: {error}") from None
    return answers


# ------------------------------------------------------------------------------------------------------------ the child


def _look(asked: Sequence[tuple[str, int]], root: str) -> list[tuple[str | None, bool]]:
    """For each the path that bars it, None where none does; `root` is where the daemon's own view of files begins."""
    inside = root if root and os.access(root, os.X_OK) else ""
    answers: list[tuple[str | None, bool]] = []
    for path, mode in asked:
        by = _bars(path, mode)
        walled = by is None and bool(inside) and not os.access(inside + os.path.realpath(path), mode)
        answers.append((path if walled else by, walled))
    return answers


def _bars(path: str, mode: int) -> str | None:
    if os.access(path, mode):
        return None
    for folder in reversed(Path(path).parents):
        if not os.access(folder, os.X_OK):
            return str(folder)
    return path


def main() -> None:
    told = json.load(sys.stdin)
    # only now: the user may not be let in where our interpreter lies
    os.setgroups(told["groups"])
    os.setresgid(told["gid"], told["gid"], told["gid"])
    os.setresuid(told["uid"], told["uid"], told["uid"])
    print(json.dumps(_look(told["asked"], told["root"])))  # noqa: T201, the parent reads it


if __name__ == "__main__":
    main()
