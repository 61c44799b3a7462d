"""What slows a Raspberry Pi down: a weak supply, and heat."""

from __future__ import annotations

from collections.abc import Iterator

from hayakoe_daemon.doctor.finding import Finding, failure, ok, warning
from hayakoe_daemon.doctor.machine import Machine, number, text

NAME = "power"
HOT, HOT_ELSEWHERE = 80, 95
"""Degrees Celsius. At the first the firmware of a Raspberry Pi begins to slow down; small PCs are made for the
eighties, and slow down near the second."""

_NOW = {0: "the supply is too weak", 1: "its clock is capped", 2: "it is throttled", 3: "it is at its soft heat limit"}
_BEFORE = {
    16: "the supply was too weak",
    17: "its clock was capped",
    18: "it was throttled",
    19: "it was at its soft heat limit",
}
"""Bits of get_throttled; see `vcgencmd` in the documentation of Raspberry Pi."""

_SUPPLY = "use the supply that belongs to the board and a short cable, then: vcgencmd get_throttled"


def examine_power(machine: Machine) -> Iterator[Finding]:
    model = text(machine.proc / "device-tree/model")
    is_pi = model is not None and "Raspberry Pi" in model
    hottest = _hottest(machine)
    if hottest is not None:
        if hottest >= (HOT if is_pi else HOT_ELSEWHERE):
            yield warning("heat", f"{hottest} °C: it slows down at such heat", "give it air or a heat sink")
        else:
            yield ok("heat", f"{hottest} °C")
    if model is None or not is_pi:
        yield ok(NAME, "not a Raspberry Pi: nothing here tells of a weak supply")
        return
    bits = _throttled(machine)
    if bits is None:
        yield _by_alarm(machine, model)
        return
    now = [what for bit, what in _NOW.items() if bits >> bit & 1]
    before = [what for bit, what in _BEFORE.items() if bits >> bit & 1]
    if now:
        yield failure(
            NAME, f"{model}: {', '.join(now)} right now; this makes speech stutter and damages SD cards", _SUPPLY
        )
    elif before:
        yield warning(NAME, f"{model}: since it was started {', '.join(before)}", _SUPPLY)
    else:
        yield ok(NAME, f"{model}: neither throttled nor short of power since it was started")


def _throttled(machine: Machine) -> int | None:
    """From the kernel, else from the firmware's own command."""
    # below another folder on a Raspberry Pi 5
    files = (machine.sys / "devices/platform").glob("soc*/soc*:firmware/get_throttled")
    told = next(filter(None, map(text, files)), None)
    if told is None:
        told = (machine.told("vcgencmd", "get_throttled") or "").strip().removeprefix("throttled=").removeprefix("0x")
    try:
        return int(told, 16)
    except ValueError:
        return None


def _by_alarm(machine: Machine, model: str) -> Finding:
    """The kernel's own under-voltage alarm."""
    for hwmon in (machine.sys / "class/hwmon").glob("hwmon*"):
        if text(hwmon / "name") == "rpi_volt" and (alarm := number(hwmon / "in0_lcrit_alarm")) is not None:
            if alarm:
                return failure(NAME, f"{model}: the supply is too weak", _SUPPLY)
            return ok(NAME, f"{model}: not short of power")
    return warning(NAME, f"{model} does not tell whether it is throttled", "vcgencmd get_throttled")


def _hottest(machine: Machine) -> int | None:
    """Degrees Celsius."""
    zones = (number(zone / "temp") for zone in (machine.sys / "class/thermal").glob("thermal_zone*"))
    return max((degrees // 1000 for degrees in zones if degrees is not None), default=None)
