"""Whom the daemon runs as: what it may read, write and play depends on that, and root may do everything."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.doctor.machine import Machine, text

_FIRST_PERSON = 1000
"""Lower numbers are those of the system's accounts, not of people; see login.defs(5)."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user with the groups that the daemon has, or would have."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    """The supplementary ones."""
    process: int | None = None
    """The daemon that runs as this user; what it sees of the disk may be less than what the user does."""

    @property
    def name(self) -> str:
        return user_name(self.uid)

    @property
    def is_me(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def is_service(self) -> bool:
        """Neither root nor a person."""
        return 0 < self.uid < _FIRST_PERSON


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def myself() -> Account:
    return Account(os.geteuid(), os.getegid(), tuple(os.getgroups()))


def of_user(uid: int) -> Account:
    """With the groups of its next login."""
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return Account(uid, uid)
    return Account(uid, user.pw_gid, tuple(os.getgrouplist(user.pw_name, user.pw_gid)))


def of_process(machine: Machine, pid: int, uid: int) -> Account:
    """With the groups that it really has: a unit may give more, and what was given since its start does not count."""
    told = dict(line.split(":", 1) for line in (text(machine.proc / str(pid) / "status") or "").splitlines())
    try:
        gid, groups = int(told["Gid"].split()[1]), tuple(int(group) for group in told["Groups"].split())
    except (KeyError, IndexError, ValueError):
        known = of_user(uid)
        gid, groups = known.gid, known.groups
    return Account(uid, gid, groups, pid)


def of_unit(machine: Machine, unit: str) -> Account | None:
    """None where that is not installed, or nobody can be asked."""
    shown = ("LoadState", "User", "Group", "SupplementaryGroups")
    told = machine.told("systemctl", "show", unit, *(f"--property={name}" for name in shown)) or ""
    found = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    if found.get("LoadState") != "loaded":
        return None
    try:
        name = found.get("User") or "root"
        user = of_user(int(name) if name.isdecimal() else pwd.getpwnam(name).pw_uid)
    except KeyError:
        return None
    given = (_group(name) for name in (found.get("SupplementaryGroups") or "").split())
    gid = _group(found.get("Group") or "")
    groups = {*user.groups, *(group for group in given if group is not None)}
    return Account(user.uid, user.gid if gid is None else gid, tuple(sorted(groups)))


def of_files(folder: Path) -> Account | None:
    """Whose folder it is; None where it is not there, is not for our eyes, or is root's."""
    try:
        owner = folder.stat().st_uid
    except OSError:
        return None
    return of_user(owner) if owner else None


def _group(name: str) -> int | None:
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        return None
