"""Characters to features: the Japanese BERT that Style-Bert-VITS2 JP-Extra voices were trained with, as one graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from hayakoe_daemon.text.tokenizer import Tokenizer, TokenizerError
from hayakoe_daemon.voice import sessions
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.graph_io import Port, Wanted, listed, wire
from hayakoe_daemon.voice.store.files import BertFiles, VoiceError
from hayakoe_daemon.voice.synthesizer import Floats

FEATURES = 1024
"""Per character, which is what the voices' text encoder takes."""

_INPUTS = {
    "ids": Wanted(("input_ids",), "i", ((None, None),)),
    "mask": Wanted(("attention_mask",), "i", ((None, None),)),
    "segments": Wanted(("token_type_ids",), "i", ((None, None),), optional=True),
}


class Bert:
    """One session, shared by all voices; Q8, FP16 or FP32 weights alike. VoiceError where the files do not fit."""

    def __init__(self, files: BertFiles, *, threads: int | None = None) -> None:
        try:
            self.tokenizer = Tokenizer(files.tokenizer)
        except TokenizerError as error:
            raise VoiceError(str(error)) from error
        self._graph = sessions.load(files.model, threads=threads)
        self._inputs = wire(files.model, self._graph.inputs, _INPUTS)
        self._output = self._hidden_state()

    def features(
        self,
        token_ids: Sequence[int],
        then: Iterable[Sequence[int]] = (),  # noqa: ARG002, a processor gains nothing by it (measured)
    ) -> Floats:
        """One sentence's, [CLS] and [SEP] included: float32 (tokens, 1024), finite. Raises EngineError."""
        ids = np.asarray(token_ids, np.int64)[None]
        values = {"ids": ids, "mask": np.ones_like(ids), "segments": np.zeros_like(ids)}
        feeds = {port.name: port.takes(values[meaning]) for meaning, port in self._inputs.items()}
        (hidden,) = self._graph.run(feeds, [self._output.name])
        if hidden.size != len(token_ids) * FEATURES:
            raise EngineError(
                f"{self._graph.path.name} gave features of shape {hidden.shape} for {len(token_ids)} characters; "
                f"expected (1, {len(token_ids)}, {FEATURES})"
            )
        features = hidden.reshape(len(token_ids), FEATURES).astype(np.float32, copy=False)
        if not np.isfinite(features).all():
            raise EngineError(f"{self._graph.path.name} gave features that are not numbers (NaN or infinite)")
        return features

    def close(self) -> None:
        self._graph.close()

    def _hidden_state(self) -> Port:
        """The output of 1024 features a token: one that says so, or else the only one there is."""
        outputs = [port for port in self._graph.outputs if port.dtype.kind == "f"]
        sure = [port for port in outputs if port.shape and len(port.shape) >= 2 and port.shape[-1] == FEATURES]
        unsure = [port for port in outputs if not port.shape or port.shape[-1] is None]
        if not sure and len(unsure) != 1:
            raise VoiceError(
                f"{self._graph.path}: no output holds the features; found {listed(self._graph.outputs)}; "
                f"expected floats (1, n, {FEATURES})"
            )
        return (sure or unsure)[0]
