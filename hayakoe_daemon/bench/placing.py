"""Where the graphs of this process compute, and with which options of the provider, whatever code opens them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import Any

from hayakoe_daemon.voice.cuda.options import providers
from hayakoe_daemon.voice.device import Device


def place(device: Device, options: Collection[str]) -> None:
    """Every session from now on is of this device; there is no way back.

    Of the options that the daemon sets only these are set. A session that falls back to the processor is an error, but
    for the processor itself.
    """
    import onnxruntime  # noqa: PLC0415, heavy, and the embedded voice does without

    session: Any = onnxruntime.InferenceSession
    make = session.__init__
    chosen = _only(providers(device), options)

    @functools.wraps(make)
    def made(this: Any, model: Any, sess_options: Any = None, **_: Any) -> None:
        make(this, model, sess_options, providers=chosen, enable_fallback=0)
        if device.provider not in this.get_providers():
            raise RuntimeError(f"ONNX Runtime has no {device.provider} that works here")

    session.__init__ = made


def _only(given: Sequence[Any], options: Collection[str]) -> list[Any]:
    """The first without options that are not wanted; the card itself is always named."""
    first, *others = given
    if isinstance(first, str):
        return [first, *others]
    name, chosen = first
    return [(name, {key: value for key, value in chosen.items() if key == "device_id" or key in options}), *others]
