"""Who may read, write and play what."""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from hayakoe_daemon.doctor.account import Account, user_name
from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine, may_look
from hayakoe_daemon.doctor.rights import Barred, Need, NotAsked, barred
from hayakoe_daemon.typed import quoted, typed

NAME = "permissions"
MOST_FILES = 20_000
"""Files of the state folder that are looked at."""

PLAY = os.R_OK | os.W_OK


def examine_config_file(config: Path) -> Iterator[Finding]:
    """Whoever may write it decides which commands run (allow_commands), and where the password goes."""
    if config.stat().st_mode & stat.S_IWOTH:
        yield failure(NAME, f"everybody may write {config}", f"sudo chmod o-w {quoted(config)}")
    else:
        yield ok(NAME, f"{config} can be written by its owner and group only")


def examine_rights(account: Account, needs: Sequence[Need]) -> Iterator[Finding]:
    """Whether the daemon's user may do what the daemon does; what is not there need not be among `needs`."""
    there = [need for need in needs if _there(need.path)]
    what = ", ".join(dict.fromkeys(need.what for need in there))
    if not there:
        return
    try:
        lacking = barred(account, there)
    except NotAsked as error:
        yield warning(NAME, f"not looked at ({what}): {error}", typed("doctor", account.uid))
        return
    causes: dict[Path, list[Barred]] = {}
    for one in lacking:
        causes.setdefault(one.by, []).append(one)
    for several in causes.values():
        what = ", ".join(dict.fromkeys(one.need.what for one in several))
        yield failure(NAME, *_lacking(account, several[0], what))
    if not lacking:
        yield ok(NAME, f"the user {account.name} may use all that the daemon needs: {what}")


def examine_socket(socket: Path) -> Iterator[Finding]:
    try:
        found = socket.stat()
    except PermissionError:
        yield warning(NAME, f"you may not see {socket}", "sudo usermod -aG hayakoe $USER (and log in again)")
        return
    except OSError:
        return  # no daemon runs, and that is told elsewhere
    if found.st_mode & stat.S_IRWXO:
        yield failure(
            NAME, f"everybody may command the daemon through {socket}", "sudo systemctl restart hayakoe-daemon"
        )
    else:
        yield ok(NAME, f"the commands are for the owner and the group {_group(found.st_gid)} of {socket}")


def examine_state_folder(folder: Path, account: Account) -> Iterator[Finding]:
    """A command that ran as root may have left files behind that the daemon's user cannot change."""
    may_look(folder)
    if not folder.is_dir():
        return
    files = (folder, *islice(folder.rglob("*"), MOST_FILES))
    strangers = [path for path in files if _owner(path, account.uid) != account.uid]
    if strangers:
        yield failure(
            NAME,
            f"{len(strangers)} files of {folder} do not belong to {account.name}, such as {strangers[0]}: what is said,"
            " set and learnt may be lost",
            f"sudo chown -R {account.name}: {quoted(folder)}",
        )
    else:
        yield ok(NAME, f"all of {folder} belongs to {account.name}")


def examine_sound_access(machine: Machine, account: Account) -> Iterator[Finding]:
    """Whether that user may play on the cards there are."""
    cards = machine.root / "dev/snd"
    players, controls = (sorted(cards.glob(pattern)) for pattern in ("pcm*p", "controlC*"))
    nodes = [Need("a sound card", node, PLAY) for node in (*players, *controls)]
    if not players:
        yield warning(NAME, "there is no sound card: /dev/snd has nothing to play on", "aplay -l")
        return
    try:
        closed = [one.need.path for one in barred(account, nodes)]
    except NotAsked:  # then by what everybody may see
        closed = [need.path for need in nodes if not _may_play(need.path.stat(), account)]
    if closed:
        group = _group(closed[0].stat().st_gid)
        yield failure(
            NAME,
            f"the user {account.name} may not play on {closed[0]}: it is for the group {group}",
            f"sudo usermod -aG {group} {account.name}, then sudo systemctl restart hayakoe-daemon",
        )
    else:
        yield ok(NAME, f"the user {account.name} may play on {len(players)} sound device(s)")


def _lacking(account: Account, one: Barred, what: str) -> tuple[str, str]:
    """What it means, and what to type; `what` is all that it is for."""
    need, path, writing = one.need, quoted(one.need.path), bool(one.need.mode & os.W_OK)
    means = f"the user {account.name} may not {'write' if writing else 'read'} {need.path} ({what})"
    if one.walled:
        line = f"ReadWritePaths={path}" if writing else "ProtectHome=read-only"
        return (
            f"{means}: the unit shuts the service out there",
            f"sudo systemctl edit hayakoe-daemon (below [Service]: {line}), then sudo systemctl restart hayakoe-daemon",
        )
    if writing and os.statvfs(one.by).f_flag & os.ST_RDONLY:
        return f"{means}: that disk is mounted read-only", "dmesg | tail; sudo reboot"
    found = one.by.stat()
    means = f"{means}: {one.by} is {stat.filemode(found.st_mode)} {user_name(found.st_uid)}:{_group(found.st_gid)}"
    if one.by != need.path:
        return means, f"sudo chmod o+x {quoted(one.by)}"
    if writing and need.own:
        return means, f"sudo chown -R {account.name}: {path} && sudo chmod -R u+rwX {path}"
    if writing:
        place = quoted(need.make or Path("/srv/hayakoe-daemon"))
        first = "" if need.make else f"give it another place in the config ({what}), such as: "
        return means, f"{first}sudo install -d -o {account.name} -g {_group(account.gid)} {place}"
    return means, f"sudo chgrp {_group(account.gid)} {path} && sudo chmod g+rX {path}"


def _there(path: Path) -> bool:
    """Also where we may not look: what bars us is to be told then."""
    try:
        path.lstat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _owner(path: Path, else_: int) -> int:
    """Its number; `else_` where the file has gone meanwhile."""
    try:
        return path.lstat().st_uid
    except FileNotFoundError:
        return else_


def _may_play(found: os.stat_result, account: Account) -> bool:
    if account.uid in (0, found.st_uid) or found.st_mode & stat.S_IWOTH:
        return True
    return found.st_gid in (account.gid, *account.groups)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
