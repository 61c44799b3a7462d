"""From the configured word to a sink."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hayakoe_daemon.audio.alsa import AlsaSink
from hayakoe_daemon.audio.devices import HwName
from hayakoe_daemon.audio.null import NullSink
from hayakoe_daemon.audio.sink import Sink
from hayakoe_daemon.audio.wav import WavSink

ALLOWED = "hw:CARD=ID,DEV=n, a PCM name that `hayakoe-daemon devices` lists, default, wav:FOLDER, or null:"


def check_spec(spec: str) -> str:
    """The spec, if it is one (the device need not be there). Raises ValueError that names what is allowed."""
    if spec.startswith("wav:"):
        valid = len(spec) > len("wav:")
    elif spec.startswith("null:"):
        valid = spec == "null:"
    elif spec.startswith("hw:"):
        valid = HwName.parse(spec) is not None
    else:
        valid = bool(spec.strip()) and re.search(r"[\x00-\x1f]", spec) is None
    if not valid:
        raise ValueError(f"{spec!r} is not a sound device: allowed are {ALLOWED}")
    return spec


def open_sink(
    spec: str,
    *,
    second_device: str | None = None,
    rate: int | None = None,
    lead_in: float = 0.15,
    hold_device: bool = False,
    idle_close: float = 10.0,
    environment: Mapping[str, str] | None = None,
) -> Sink:
    """The sink that `spec` names; it opens its device at the first `begin`. Options are those of AlsaSink.

    Raises ValueError for a spec (or second device) that cannot name any.
    """
    check_spec(spec)
    if spec == "null:":
        return NullSink()
    if spec.startswith("wav:"):
        return WavSink(Path(spec.removeprefix("wav:")).expanduser())
    if second_device is not None and check_spec(second_device).startswith(("wav:", "null:")):
        raise ValueError(f"{second_device!r} cannot be the second device: it must be a sound card or a PCM name")
    return AlsaSink(
        spec,
        second_device=second_device,
        rate=rate,
        lead_in=lead_in,
        hold_device=hold_device,
        idle_close=idle_close,
        environment=environment,
    )
