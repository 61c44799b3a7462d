"""What the player is asked when a device is to be opened, and what its refusal means to a person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.audio.devices import PROC_ASOUND, HwName


class NotOpened(Exception):  # noqa: N818, a state of the world
    """A device did not open; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How devices are opened: `rate` to ask for (Hz; None: the player's choice), `latency` and `lead_in` (s)."""

    rate: int | None
    latency: float
    lead_in: float
    proc_asound: Path = PROC_ASOUND

    def is_unplugged(self, device: str) -> bool:
        """Known only of cards by name."""
        hw = HwName.parse(device)
        return hw is not None and hw.numbered(self.proc_asound) is None

    def numbered(self, device: str) -> str | None:
        """`hw:N,n` of a card by name as it is now; None for any other device."""
        hw = HwName.parse(device)
        return None if hw is None else hw.numbered(self.proc_asound)

    def order(self, device: str, *, relist: bool) -> bytes:
        """The body of OPEN. Raises NotOpened for a card that the kernel does not have."""
        if self.is_unplugged(device):
            raise NotOpened(f"The sound card {device} is not there: plug it in, or see `hayakoe-daemon devices`.")
        numbered = self.numbered(device)
        order = {
            "name": None if numbered or device == "default" else device,
            "hw": numbered,
            "rate": self.rate,
            "latency": self.latency,
            "lead_in": self.lead_in,
            "relist": relist,
        }
        return json.dumps(order).encode()


def refusal(device: str, reason: str, text: str) -> NotOpened:
    """From the player's FAILED."""
    match reason:
        case "busy":
            why = f"The sound device {device} is busy: another program is playing on it."
        case "absent":
            why = f"The sound device {device} is not there, or another program holds it. See `hayakoe-daemon devices`."
        case "broken":
            why = f"PortAudio does not work: {text}. Install it with: sudo apt install libportaudio2"
        case _:
            why = f"The sound device {device} cannot be opened: {text}."
    return NotOpened(why)
