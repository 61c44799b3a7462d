"""One voice speaks in a process of its own that has no network, and nobody hears it.

    python -m hayakoe_daemon.doctor.rehearsal       a Part as JSON on stdin, a Rehearsed as JSON on stdout

Where the kernel allows it the process has a network namespace of its own, which is empty; else Python's own sockets are
refused to it, which all that is bundled would have to use.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hayakoe_daemon.doctor.child import run_module

if TYPE_CHECKING:
    from hayakoe_daemon.voice.engine import Engine

SENTENCE = "12月3日の最高気温は8℃、Wi-Fiの点検は午後2時からです。お出かけの際は、傘をお持ちください。"
"""What uses the dictionary, the reading rules, the English words and the voice."""

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
"""CLONE_NEWUSER, CLONE_NEWNET of unshare(2)."""

_CALLS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")


class NoRehearsal(Exception):  # noqa: N818, a state of the world
    """The voice did not speak; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """Who speaks: the embedded voice where `voice` is None, else one of `folder` as it was prepared in `prepared`."""

    voice: str | None = None
    folder: str = ""
    prepared: str = ""
    precision: str = "fp32"
    bound: tuple[float, float] = (30.0, 1.0)
    """How far 8 bits may be from 32: what was prepared is known by it."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it; times in seconds, memory in MiB."""

    isolated: bool
    """It had no network at all; else only Python's calls were refused."""
    asked_for: tuple[str, ...]
    """Addresses that something tried to reach."""
    loaded_in: float
    audio: float
    compute: float
    peak: int
    busy: float
    """How much more the machine has to do than it has cores; above 1 these figures are those of a busy one."""

    @property
    def rtf(self) -> float:
        """Seconds of computing for a second of sound."""
        return self.compute / self.audio


def rehearse(part: Part, *, patience: float, environ: Mapping[str, str] = os.environ) -> Rehearsed:
    """Starts the child and waits at most `patience` seconds. Raises NoRehearsal."""
    told = json.dumps(asdict(part)).encode()
    try:
        done = run_module(
            "hayakoe_daemon.doctor.rehearsal", told, patience=patience, environ=environ, before=("nice", "-n", "10")
        )
    except subprocess.TimeoutExpired:
        raise NoRehearsal(f"it did not speak one sentence within {patience:.0f} s") from None
    except OSError as error:
        raise NoRehearsal(f"its process could not be started: {error.strerror}") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NoRehearsal(last or f"its process ended with {done.returncode}")
    told = json.loads(done.stdout)
    return Rehearsed(**told | {"asked_for": tuple(told["asked_for"])})


# ------------------------------------------------------------------------------------------------------------ the child


def main() -> None:
    part = Part(**json.loads(sys.stdin.read()))
    isolated = _leave_the_network()
    asked_for = _refuse_sockets()
    began = time.monotonic()
    audio, loaded = _speak(part)
    ended = time.monotonic()
    rehearsed = Rehearsed(
        isolated=isolated,
        asked_for=tuple(asked_for),
        loaded_in=loaded - began,
        audio=audio,
        compute=ended - loaded,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        busy=os.getloadavg()[0] / (os.cpu_count() or 1),
    )
    print(json.dumps(asdict(rehearsed)))  # noqa: T201, the parent reads it


def _leave_the_network() -> bool:
    """Into a namespace of our own: with the rights of root, else as the only user of another."""
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    return unshare is not None and (not unshare(_NEW_NETWORK) or not unshare(_NEW_USER | _NEW_NETWORK))


def _refuse_sockets() -> list[str]:
    """What Python asks of the network from now on is refused, and noted."""
    noted: list[str] = []

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event in _CALLS:
            address = arguments[1] if event in _CALLS[:1] or event in _CALLS[3:] else arguments[0]
            if isinstance(address, (str, bytes)) and event not in _CALLS[1:3]:
                return  # a local socket, such as the log's
            noted.append(str(address))
            raise OSError(errno.ENETUNREACH, "the network is cut off")

    sys.addaudithook(refuse)
    return noted


def _speak(part: Part) -> tuple[float, float]:
    """Seconds of sound, and when (monotonic) the voice was loaded."""
    from hayakoe_daemon.audio.level import TARGET, loudness  # noqa: PLC0415, the parent needs none of it
    from hayakoe_daemon.reader import Reader  # noqa: PLC0415, as above
    from hayakoe_daemon.voice.engine import Manner  # noqa: PLC0415, as above
    from hayakoe_daemon.voice.hts import HtsEngine  # noqa: PLC0415, as above

    reader = Reader({}, emoji_names=True)
    engine: Engine = HtsEngine(measure=loudness, target_loudness=TARGET)
    if part.voice is not None:
        engine = _neural(part.voice, part)
    engine.warm_up()
    utterances = reader.split(SENTENCE)
    loaded = time.monotonic()
    chunks = [chunk for utterance in utterances for chunk in engine.speak(utterance, Manner())]
    return sum(len(chunk.samples) / chunk.sample_rate for chunk in chunks), loaded


def _neural(voice: str, part: Part) -> Engine:
    from hayakoe_daemon.opening import Manual, Opener  # noqa: PLC0415, heavy
    from hayakoe_daemon.voice.prepare.int8_bound import Bound  # noqa: PLC0415, as above
    from hayakoe_daemon.voice.prepare.order import Precise, Wanted  # noqa: PLC0415, as above

    precise = Precise(Wanted(part.precision), Bound(*part.bound))
    return Opener(None).open(voice, Manual(Path(part.folder), Path(part.prepared), precise)).engine


if __name__ == "__main__":
    main()
