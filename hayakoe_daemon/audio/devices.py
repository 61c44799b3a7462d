"""Which sound devices there are, as PortAudio lists them, and which one a configured name picks."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.audio.player_process import player_command, player_environment

PROC_ASOUND = Path("/proc/asound")

_HW = re.compile(r"hw:CARD=(?P<card>[A-Za-z0-9_-]+)(?:,DEV=(?P<device>\d+))?")
_NUMBERED = re.compile(r"\((?P<hw>hw:(?P<card>\d+),(?P<device>\d+))\)")

_KERNEL_PCM = re.compile(r"(?P<card>\d+)-(?P<device>\d+): (?P<name>.*?) : .* : playback")
"""A line of /proc/asound/pcm, such as `02-00: USB Audio : USB Audio : playback 1 : capture 1`."""


class DevicesError(Exception):
    """The devices could not be listed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class HwName:
    """`hw:CARD=ID,DEV=n`: a card by the name that stays when cards are numbered anew."""

    card: str
    device: int

    @classmethod
    def parse(cls, spec: str) -> HwName | None:
        """None where the spec is no such name."""
        match = _HW.fullmatch(spec)
        return cls(match["card"], int(match["device"] or 0)) if match else None

    def __str__(self) -> str:
        return f"hw:CARD={self.card},DEV={self.device}"

    def numbered(self, proc_asound: Path = PROC_ASOUND) -> str | None:
        """`hw:N,n` as it is now (N from the kernel's link proc_asound/ID → cardN), or None where the card is gone."""
        try:
            target = (proc_asound / self.card).readlink().name
        except OSError:
            return None
        match = re.fullmatch(r"card(\d+)", target)
        return f"hw:{match[1]},{self.device}" if match else None


@dataclass(frozen=True, slots=True)
class OutputDevice:
    """One entry of PortAudio's list. `hw` is the spelling that survives a restart, where the entry is a card.

    A card that a program plays on (the daemon, perhaps) is not on that list: `is_busy`, and channels and rate are 0.
    """

    name: str
    hw: str | None
    channels: int
    rate: int
    is_default: bool
    is_busy: bool = False

    @property
    def spec(self) -> str:
        """What to write into the config."""
        return self.hw or self.name


def list_devices(
    *, environment: Mapping[str, str] | None = None, timeout: float = 10.0, proc_asound: Path = PROC_ASOUND
) -> list[OutputDevice]:
    """Asks a player of its own, because PortAudio lists devices only when it starts and may hang.

    Raises DevicesError.
    """
    try:
        answer = subprocess.run(
            player_command("--list"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
            env=player_environment(environment),
        )
    except subprocess.TimeoutExpired as error:
        raise DevicesError(
            f"The sound system did not answer within {timeout:g} s. A device hangs: unplug it, or restart the machine."
        ) from error
    if answer.returncode:
        last = answer.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise DevicesError(f"PortAudio could not be started: {last}. Is libportaudio2 installed?")
    listed = [
        OutputDevice(
            entry["name"], _stable(entry["name"], proc_asound), entry["channels"], entry["rate"], entry["default"]
        )
        for entry in json.loads(answer.stdout)
    ]
    return [*listed, *_busy(listed, proc_asound)]


def pick(devices: Sequence[OutputDevice], spec: str, *, proc_asound: Path = PROC_ASOUND) -> OutputDevice | None:
    """The device that `spec` (`hw:CARD=ID,DEV=n`, a name, or `default`) means, or None where it is not there."""
    if spec == "default":
        return next((device for device in devices if device.is_default), None)
    hw = HwName.parse(spec)
    if hw is None:
        return next((device for device in devices if device.name == spec), None)
    numbered = hw.numbered(proc_asound)
    return next((device for device in devices if numbered and f"({numbered})" in device.name), None)


def _busy(listed: Sequence[OutputDevice], proc_asound: Path) -> list[OutputDevice]:
    """What the kernel can play on and PortAudio does not list."""
    try:
        lines = (proc_asound / "pcm").read_text().splitlines()
    except OSError:
        return []
    busy = []
    for match in filter(None, map(_KERNEL_PCM.match, lines)):
        hw = f"(hw:{int(match['card'])},{int(match['device'])})"
        if not any(hw in device.name for device in listed):
            name = f"{match['name']} {hw}"
            busy.append(OutputDevice(name, _stable(name, proc_asound), 0, 0, is_default=False, is_busy=True))
    return busy


def _stable(name: str, proc_asound: Path) -> str | None:
    match = _NUMBERED.search(name)
    if match is None:
        return None
    try:
        card = (proc_asound / f"card{match['card']}" / "id").read_text().strip()
    except OSError:
        return None
    return str(HwName(card, int(match["device"])))
