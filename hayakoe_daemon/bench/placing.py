"""Where the graphs of this process compute, and with which options of the provider, whatever code opens them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import Any

from hayakoe_daemon.voice.cuda import libraries
from hayakoe_daemon.voice.cuda.options import providers
from hayakoe_daemon.voice.device import Device

_ALWAYS = ("device_id", "use_tf32")
"""Of a graph that was prepared for a card: which card, and what keeps it right."""


def place(device: Device, options: Collection[str]) -> None:
    """Every session from now on is of this device; there is no way back.

    Of the options that the daemon sets only these are set. A session that falls back to the processor is an error, but
    for the processor itself.
    """
    import onnxruntime  # noqa: PLC0415, heavy, and the embedded voice does without

    if device is not Device.CPU:
        libraries.preload()  # for published graphs nobody else does
    session: Any = onnxruntime.InferenceSession
    make = session.__init__

    @functools.wraps(make)
    def made(this: Any, model: Any, sess_options: Any = None, providers: Sequence[Any] = (), **_: Any) -> None:
        make(this, model, sess_options, providers=_chosen(device, options, providers), enable_fallback=0)
        if device.provider not in this.get_providers():
            raise RuntimeError(f"ONNX Runtime has no {device.provider} that works here")

    session.__init__ = made


def _chosen(device: Device, options: Collection[str], asked: Sequence[Any]) -> list[Any]:
    """As whoever opens the graph asks for the device, else as the daemon would; without what is not wanted."""
    asks = [one for one in asked if isinstance(one, tuple) and one[0] == device.provider]
    first, *others = asks[:1] + providers(device)[1:] if asks else providers(device)
    if isinstance(first, str):
        return [first, *others]
    name, given = first
    kept = {*options, *(_ALWAYS if asks else _ALWAYS[:1])}
    return [(name, {key: value for key, value in given.items() if key in kept}), *others]
