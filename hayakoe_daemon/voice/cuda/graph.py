"""A graph on the card, its inputs and outputs bound: what comes from it and goes to the next one stays there."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hayakoe_daemon.voice.cuda.card import Card, CardError
from hayakoe_daemon.voice.cuda.options import giving_back
from hayakoe_daemon.voice.graph_io import Port
from hayakoe_daemon.voice.sessions import DTYPES, ports

Array = npt.NDArray[Any]

Value = Any
"""An onnxruntime.OrtValue, on the card."""


class BoundGraph:
    """Opened at once, and again when it is needed after it has left the card. Any thread may use it; one waits for
    another.
    """

    def __init__(self, path: Path, what: str, card: Card, *, half: bool = False) -> None:
        """`what` names it to people; `half` where it computes in float16. Raises CardError."""
        self._path = path
        self._what = what
        self._card = card
        self._half = half
        self._lock = threading.Lock()
        self._session: Any = card.session(path, half=half)
        self._inputs: dict[str, Port] = {port.name: port for port in ports(path, self._session.get_inputs())}

    @property
    def there(self) -> bool:
        """Whether it is on the card now."""
        return self._session is not None

    def run(
        self, feeds: Mapping[str, Array | Value], *, back: Sequence[str] = (), stay: Sequence[str] = (), last: bool
    ) -> tuple[list[Array], list[Value]]:
        """The outputs to come `back`, as arrays, and those to `stay` on the card.

        Where it is the `last` run for a while, what it took to compute is given back to the card. Raises EngineError;
        CardError where it is the card that failed.
        """
        with self._lock:
            attempt = self._card.attempt
            if self._session is None:
                self._session = self._again(attempt)
            try:
                binding = self._session.io_binding()
                for name, value in feeds.items():
                    self._bind(binding, self._inputs[name], value)
                for name in back:
                    binding.bind_output(name, "cpu")
                for name in stay:
                    binding.bind_output(name, self._card.device.value)
                # It returns when the card is done: the next graph, on a stream of its own, may read at once.
                self._session.run_with_iobinding(binding, giving_back(self._card.device) if last else None)
                found = binding.get_outputs()
                return [one.numpy() for one in found[: len(back)]], found[len(back) :]
            except Exception as error:  # onnxruntime's own errors are plain Exceptions
                raise self._card.broke(error, self._what, attempt) from error

    def leave(self) -> None:
        """Its memory is the card's again, unless it computes at this moment."""
        if self._lock.acquire(blocking=False):
            self._session = None
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._session = None

    def _again(self, attempt: int) -> Any:
        try:
            return self._card.session(self._path, half=self._half)
        except CardError as error:
            self._card.give_up(str(error), attempt)
            raise

    def _bind(self, binding: Any, port: Port, value: Array | Value) -> None:
        if not isinstance(value, np.ndarray):
            if DTYPES.get(value.data_type()) == port.dtype:
                binding.bind_ortvalue_input(port.name, value)
                return
            value = value.numpy()  # BERT is in other floats than this part: the long way round, and right
        binding.bind_cpu_input(port.name, np.ascontiguousarray(port.takes(value)))
