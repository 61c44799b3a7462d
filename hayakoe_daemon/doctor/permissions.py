"""Who may read, write and play what."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine, may_look

NAME = "permissions"
MOST_FILES = 20_000
"""Files of the state folder that are looked at."""


def examine_config_file(config: Path) -> Iterator[Finding]:
    """Whoever may write it decides which commands run (allow_commands), and where the password goes."""
    if _mode(config) & stat.S_IWOTH:
        yield failure(NAME, f"everybody may write {config}", f"sudo chmod o-w {config}")
    else:
        yield ok(NAME, f"{config} can be written by its owner's side only")


def examine_password(password: Path) -> Iterator[Finding]:
    try:
        mode = _mode(password)
    except OSError as error:
        yield failure(NAME, f"the password file {password}: {error.strerror}", f"sudo ls -l {password}")
        return
    if mode & stat.S_IRWXO:
        yield failure(NAME, f"everybody on this machine may read {password}", f"sudo chmod 640 {password}")
    else:
        yield ok(NAME, f"{password} is not for everybody's eyes")


def examine_socket(socket: Path) -> Iterator[Finding]:
    try:
        found = socket.stat()
    except PermissionError:
        yield warning(NAME, f"{socket} may not be seen by you", "sudo usermod -aG hayakoe $USER (and log in again)")
        return
    except OSError:
        return  # no daemon runs, and that is told elsewhere
    if found.st_mode & stat.S_IRWXO:
        yield failure(NAME, f"everybody may command the daemon by {socket}", "sudo systemctl restart hayakoe-daemon")
    else:
        yield ok(NAME, f"the commands are for the owner and the group {_group(found.st_gid)} of {socket}")


def examine_state_folder(folder: Path) -> Iterator[Finding]:
    """A command that ran as root may have left files behind that the daemon's user cannot change."""
    may_look(folder)
    if not folder.is_dir():
        return
    owner = folder.stat().st_uid
    strangers = [path for path in islice(folder.rglob("*"), MOST_FILES) if _owner(path, owner) != owner]
    if strangers:
        user = user_name(owner)
        yield failure(
            NAME,
            f"{len(strangers)} files of {folder} do not belong to {user}, such as {strangers[0]}",
            f"sudo chown -R {user}: {folder}",
        )
    else:
        yield ok(NAME, f"all of {folder} belongs to {user_name(owner)}")


def examine_sound_access(machine: Machine, uid: int) -> Iterator[Finding]:
    """Whether the user of that number may play on the cards there are."""
    nodes = sorted((machine.root / "dev/snd").glob("pcm*p"))
    user = user_name(uid)
    if not nodes:
        yield warning(NAME, "there is no sound card: /dev/snd has nothing to play on", "aplay -l")
        return
    closed = [node for node in nodes if not _may_play(node.stat(), uid)]
    if closed:
        group = _group(closed[0].stat().st_gid)
        yield failure(
            NAME, f"{user} may not play on {closed[0]}: it is for the group {group}", f"sudo usermod -aG {group} {user}"
        )
    else:
        yield ok(NAME, f"{user} may play on {len(nodes)} sound device(s)")


def _owner(path: Path, else_: int) -> int:
    """Its number; `else_` where the file has gone meanwhile."""
    try:
        return path.lstat().st_uid
    except FileNotFoundError:
        return else_


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _may_play(found: os.stat_result, uid: int) -> bool:
    if uid in (0, found.st_uid) or found.st_mode & stat.S_IWOTH:
        return True
    return found.st_gid in _groups(uid)


def _groups(uid: int) -> list[int]:
    if uid == os.geteuid():
        return [*os.getgroups(), os.getegid()]
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return []
    return os.getgrouplist(user.pw_name, user.pw_gid)


def _group(gid: int) -> str:

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _mode(path: Path) -> int:
    return path.stat().st_mode
