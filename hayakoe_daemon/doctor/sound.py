"""The sound device: whether it opens, at which rate, and how far what is heard is behind what is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hayakoe_daemon.audio.opening import NotOpened
from hayakoe_daemon.doctor.daemon import Daemon, Found
from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.sound_trial import Trial, try_device
from hayakoe_daemon.typed import typed

NAME = "sound"
SLOW = 0.5
"""Seconds of latency above which `stop` is felt to come late."""

_STEADY = 0.05
"""By which the pace of a card may be off in half a second, scheduling included."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where sound is to go: the devices of the config, and the rate that it asks for (Hz)."""

    device: str
    second_device: str | None = None
    rate: int | None = None

    @property
    def is_card(self) -> bool:
        return not self.device.startswith(("wav:", "null:"))


def examine_sound(
    output: Output, daemon: Found, environment: Mapping[str, str] | None = None, owner: int | None = None
) -> Iterator[Finding]:
    """Where a daemon runs the device is its own, and what it knows is told; else each one is opened and tried."""
    devices = typed("devices", owner)
    if not output.is_card:
        yield _no_card(output.device, devices)
    elif isinstance(daemon, Daemon):
        yield _by_daemon(daemon, devices)
    elif daemon.runs:
        means = "a daemon runs here that cannot be asked, so its device was not tried: an alarm may need it right now"
        yield warning(NAME, means, "sudo hayakoe-daemon doctor")
    else:
        for device in filter(None, (output.device, output.second_device)):
            try:
                yield from _tried(device, output.rate, try_device(device, output.rate, environment), devices)
            except NotOpened as error:
                yield failure(NAME, str(error), devices)


def _no_card(device: str, devices: str) -> Finding:
    if device == "null:":
        return warning(NAME, "audio.device is null: nothing is ever heard", devices)
    folder = Path(device.removeprefix("wav:")).expanduser()
    there = next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))
    if not there.is_dir() or not os.access(there, os.W_OK):
        return failure(NAME, f"sound is to be written into {folder}, which cannot be", f"ls -ld {there}")
    return warning(NAME, f"sound is written into {folder} and not heard", devices)


def _by_daemon(daemon: Daemon, devices: str) -> Finding:
    state = daemon.look("state")
    if state.get("audio") == "offline":
        return failure(NAME, f"the daemon has no device: {state['device']}", devices)
    device = state.get("device", "its device")
    times = state.get("latency", {})
    means = f"the daemon plays on {device}, so it is not opened here"
    if "first_sample" in times:
        means += f"; the last announcement was heard after {times['first_sample']:.2f} s"
    return ok(NAME, means, "stop the daemon to have latency and tail measured")


def _tried(device: str, rate: int | None, trial: Trial, devices: str) -> Iterator[Finding]:
    figures = f"latency {trial.latency * 1000:.0f} ms, tail {trial.tail * 1000:.0f} ms"
    means = f"{device} opens in {trial.opened_in * 1000:.0f} ms at {trial.rate} Hz; {figures}"
    if rate is not None and trial.rate != rate:
        yield warning(NAME, f"{means}. The config asks for {rate} Hz", "leave audio.rate out, or give it this rate")
    elif trial.pace > 1 + 10 * _STEADY:
        yield warning(NAME, f"{means}. It takes sound faster than that can be heard: it is not a sound card", devices)
    elif trial.pace < 1 - 2 * _STEADY:
        yield warning(
            NAME, f"{means}. It plays at {trial.pace:.2f} of its speed: speech sounds slow or broken", devices
        )
    elif trial.latency > SLOW:
        yield warning(NAME, f"{means}: stop and urgent messages are heard that much later", "use a hw: device")
    else:
        yield ok(NAME, means)
