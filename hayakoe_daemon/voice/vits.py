"""A voice's own network, run whole as it was exported: phones in, the waveform of a sentence out.

Two exports go around. HayaKoe's names its inputs x, x_lengths, tone..., with numbers of shape (1,), and its outputs
`audio` and `durations`. That of Style-Bert-VITS2, which AIVMX files hold too, names them x_tst, x_tst_lengths,
tones..., with numbers of shape (), and the first of its outputs `output`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from hayakoe_daemon.voice import sessions
from hayakoe_daemon.voice.bert import FEATURES
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.graph_io import Port, Wanted, listed, wire
from hayakoe_daemon.voice.graph_part import part_for
from hayakoe_daemon.voice.sessions import Graph
from hayakoe_daemon.voice.store.files import VoiceError, VoiceFiles
from hayakoe_daemon.voice.synthesizer import Counts, Feed, Floats

_NUMBER = ((), (1,))
_SOUND = ("audio", "output")
_DURATIONS = "durations"

_LONG = 200
"""Ids of some 8 seconds of speech. What a longer sentence takes is given back: 20 MB for each second (measured)."""


def wanted_inputs(style_size: int) -> dict[str, Wanted]:
    """What the graph of a JP-Extra voice is fed, by what it means; style vectors have `style_size` numbers."""
    row = ((1, None),)
    return {
        "phones": Wanted(("x", "x_tst"), "i", row),
        "count": Wanted(("x_lengths", "x_tst_lengths"), "i", ((1,),)),
        "speaker": Wanted(("sid",), "i", ((1,),)),
        "tones": Wanted(("tone", "tones"), "i", row),
        "languages": Wanted(("language",), "i", row),
        "bert": Wanted(("bert",), "f", ((1, FEATURES, None),)),
        "style": Wanted(("style_vec",), "f", ((1, style_size),)),
        "length_scale": Wanted(("length_scale",), "f", _NUMBER),
        "sdp_ratio": Wanted(("sdp_ratio",), "f", _NUMBER),
        "noise_scale": Wanted(("noise_scale",), "f", _NUMBER, optional=True),
        "noise_scale_w": Wanted(("noise_scale_w",), "f", _NUMBER),
    }


def values(feed: Feed) -> dict[str, Any]:
    """What is fed, by the same meanings."""
    ids, sampling = feed.ids, feed.sampling
    return {
        "phones": [ids.phones],
        "count": [len(ids.phones)],
        "speaker": [feed.speaker],
        "tones": [ids.tones],
        "languages": [ids.languages],
        "bert": feed.bert[None],
        "style": feed.style[None],
        "length_scale": sampling.length_scale,
        "sdp_ratio": sampling.sdp_ratio,
        "noise_scale": sampling.noise_scale,
        "noise_scale_w": sampling.noise_scale_w,
    }


class WholeSynthesizer:
    """The graph as it was exported: a sentence is one piece, and its noise is drawn inside. VoiceError where the files
    do not fit.
    """

    seeded = False
    outlook = None

    def __init__(self, files: VoiceFiles, *, threads: int | None = None, graph: Graph | None = None) -> None:
        """`graph` is its synthesizer, where that is opened already."""
        self.sample_rate = files.config.sample_rate
        self.hop_length = files.config.hop_length
        wanted = wanted_inputs(files.style_vectors.shape[1])
        self._synthesizer = graph or sessions.load(files.synthesizer, threads=threads)
        self._inputs = wire(files.synthesizer, self._synthesizer.inputs, wanted)
        self._sound = _output(self._synthesizer, _SOUND)
        self._predictor = self._load_predictor(files, threads)
        if self._predictor is not None:
            optional = {meaning: replace(one, optional=True) for meaning, one in wanted.items()}
            self._predictor_inputs = wire(self._predictor.path, self._predictor.inputs, optional)
            self._durations = _output(self._predictor, (_DURATIONS,))

    def stream(self, feed: Feed, seed: int | None = None) -> Iterator[Floats]:  # noqa: ARG002, nothing to seed
        """The sentence in one piece. Raises EngineError."""
        long = len(feed.ids.phones) > _LONG
        (sound,) = self._synthesizer.run(_feeds(self._inputs, feed), [self._sound.name], give_back=long)
        yield self._checked(sound)

    def durations(self, feed: Feed, seed: int | None = None) -> Counts | None:  # noqa: ARG002
        """Frames of each id; None where the export tells none. Raises EngineError."""
        if self._predictor is None:
            return None
        (frames,) = self._predictor.run(_feeds(self._predictor_inputs, feed), [self._durations.name])
        frames = frames.reshape(-1)
        if len(frames) != len(feed.ids.phones) or not np.isfinite(frames).all():
            raise EngineError(
                f"{self._predictor.path.name} gave {len(frames)} durations for {len(feed.ids.phones)} ids, "
                "or some that are not numbers"
            )
        whole: Counts = np.ceil(frames).astype(np.int64)
        return whole

    def close(self) -> None:
        self._synthesizer.close()
        if self._predictor is not None:
            self._predictor.close()

    def _load_predictor(self, files: VoiceFiles, threads: int | None) -> Graph | None:
        """The graph that gives durations alone: a file of its own, or what of the synthesizer they depend on."""
        if files.duration_predictor is not None:
            return sessions.load(files.duration_predictor, threads=threads)
        if any(port.name == _DURATIONS for port in self._synthesizer.outputs):
            part = part_for(files.synthesizer, _DURATIONS)
            return sessions.load(files.synthesizer, threads=threads, content=part)
        return None

    def _checked(self, sound: Floats) -> Floats:
        name = self._synthesizer.path.name
        samples = sound.reshape(-1).astype(np.float32, copy=False)
        if not len(samples) or len(samples) != sound.shape[-1] or len(samples) % self.hop_length:
            raise EngineError(
                f"{name} gave sound of shape {sound.shape}; expected whole frames of {self.hop_length} samples"
            )
        if not np.isfinite(samples).all():
            raise EngineError(f"{name} gave samples that are not numbers (NaN or infinite)")
        return samples


def _feeds(inputs: Mapping[str, Port], feed: Feed) -> dict[str, Any]:
    given = values(feed)
    return {port.name: port.takes(given[meaning]) for meaning, port in inputs.items()}


def _output(graph: Graph, names: tuple[str, ...]) -> Port:
    port = next((port for port in graph.outputs if port.name in names), None)
    if port is None or port.dtype.kind != "f":
        raise VoiceError(
            f"{graph.path}: found the outputs {listed(graph.outputs)}; expected {' or '.join(names)}, floats"
        )
    return port
