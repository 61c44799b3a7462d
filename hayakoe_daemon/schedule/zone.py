"""Time zones: which one counts, and which instant a wall clock means in it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

LOCALTIME = Path("/etc/localtime")


class ZoneError(ValueError):
    """There is no such time zone; the message says what to write instead."""


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name such as Asia/Tokyo. Raises ZoneError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(name[:60], available_timezones(), n=1)
        hint = f"did you mean {close[0]}?" if close else "it needs a name such as Asia/Tokyo or Europe/Berlin"
        raise ZoneError(f'there is no time zone "{name[:60]}", {hint}') from None


def system_zone(environ: Mapping[str, str] = os.environ, localtime: Path = LOCALTIME) -> ZoneInfo:
    """The zone this system is set to, found as the C library does: $TZ, else /etc/localtime, else UTC.

    Raises ZoneError where $TZ is no IANA name (`JST-9`): only the C library can read such a thing.
    """
    if name := environ.get("TZ", "").removeprefix(":"):
        try:
            return zone_named(name)
        except ZoneError as error:
            raise ZoneError(f"$TZ cannot be used: {error}; or set time_zone in the config") from None
    try:
        target = localtime.resolve(strict=True)
    except (OSError, RuntimeError):
        return ZoneInfo("UTC")
    _, _, name = str(target).partition("/zoneinfo/")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _read(target)


def _read(file: Path) -> ZoneInfo:
    """A copy of a zone under another name, as slim systems and containers have it."""
    try:
        with file.open("rb") as stream:
            return ZoneInfo.from_file(stream, key=str(file))
    except (OSError, ValueError):
        raise ZoneError(f"{file} holds no time zone: set time_zone in the config") from None


def instant(wall: datetime, zone: ZoneInfo) -> float:
    """The instant, in seconds since the epoch, at which a clock on the wall of that zone means `wall` (naive).

    A time that the clock leaves out counts by the offset before the gap: where it goes from 02:00 to 03:00, 02:30 is
    what it then shows as 03:30. One that it shows twice is its first pass. That is fold=0 of PEP 495.
    """
    return wall.replace(tzinfo=zone, fold=0).timestamp()
