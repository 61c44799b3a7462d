"""The parts of a prepared voice, opened and run: arrays in, arrays out, and errors that say which part it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.pieces_lanes import Stop
from hayakoe_daemon.voice.prepare.mapped import open_mapped
from hayakoe_daemon.voice.prepare.prepared import Halos, Part, PreparedVoice
from hayakoe_daemon.voice.synthesizer import Counts, Feed, Floats

Arrays = Mapping[str, npt.NDArray[Any]]


def new_stop() -> Stop:
    """What one run can be ended with."""
    return ort.RunOptions()


class OpenPart:
    """One graph of a prepared voice; `run` may be called by several threads at once. Raises EngineError."""

    def __init__(self, voice: PreparedVoice, part: Part, threads: int) -> None:
        self._name = f"{part.value} of {voice.folder.name}"
        try:
            self._session = open_mapped(voice.graph(part), threads)
        except Exception as error:
            raise EngineError(f"the {self._name} cannot be opened: {_line(error)}; prepare the voice again") from error

    def run(self, outputs: list[str], feeds: Arrays, stop: Stop = None) -> list[npt.NDArray[Any]]:
        """`stop` is a RunOptions by which another thread may end it early; then this raises too."""
        try:
            return list(self._session.run(outputs, feeds, stop))
        except Exception as error:
            raise EngineError(f"the {self._name} cannot be computed: {_line(error)}") from error


class Encoder:
    """Ids and features to how each id sounds and how long it is."""

    def __init__(self, voice: PreparedVoice, threads: int) -> None:
        self._part = OpenPart(voice, Part.ENCODER, threads)

    def run(self, feed: Feed, noise: Floats) -> tuple[Floats, Floats, Counts, Floats]:
        """`noise` (1, 2, n) to m_p and logs_p (1, C, n), durations in frames int64 (n,), and g (1, G, 1)."""
        ids, sampling = feed.ids, feed.sampling
        mean, spread, durations, condition = self._part.run(
            ["m_p", "logs_p", "durations", "g"],
            {
                "x": np.array([ids.phones], np.int64),
                "x_lengths": np.array([len(ids.phones)], np.int64),
                "sid": np.array([feed.speaker], np.int64),
                "tone": np.array([ids.tones], np.int64),
                "language": np.array([ids.languages], np.int64),
                "bert": feed.bert[None],
                "style_vec": feed.style[None],
                "length_scale": np.array([sampling.length_scale], np.float32),
                "noise_scale_w": np.array([sampling.noise_scale_w], np.float32),
                "sdp_ratio": np.array([sampling.sdp_ratio], np.float32),
                "noise_w": noise,
            },
        )
        frames = durations.reshape(-1)
        if not np.isfinite(frames).all() or (frames < 0).any():
            raise EngineError("the voice gives lengths that are not numbers, or below zero")
        return mean, spread, frames.astype(np.int64), condition


class Flow:
    """From the prior's distribution to what the decoder reads. It looks at all frames at once: never in pieces."""

    def __init__(self, voice: PreparedVoice, threads: int) -> None:
        self._part = OpenPart(voice, Part.FLOW, threads)

    def run(self, prior: Floats, condition: Floats) -> Floats:
        (latent,) = self._part.run(["z"], {"z_p": prior, "g": condition})
        return np.asarray(latent, np.float32)


class Decoder:
    """Frames to samples, in two steps with halos of their own, or in one; each step for any range of frames."""

    def __init__(self, voice: PreparedVoice, threads: int) -> None:
        self.halos: Halos = voice.halos
        self.rate = voice.dimensions.rate
        """Columns of the first step's result for one frame."""
        self.in_two = Part.DECODER_A in voice.parts
        self.divisible = self.in_two or voice.halos.decoder > 0
        """False where it is not known how far it looks: then it is run whole."""
        if self.in_two:
            self._first = OpenPart(voice, Part.DECODER_A, threads)
            self._second = OpenPart(voice, Part.DECODER_B, threads)
        else:
            self._first = OpenPart(voice, Part.DECODER, threads)

    def features(self, latent: Floats, condition: Floats, stop: Stop) -> Floats:
        """Latent z (1, C, n) to h (1, H, n × rate)."""
        (features,) = self._first.run(["h"], {"z": latent, "g": condition}, stop)
        return np.asarray(features, np.float32)

    def sound(self, features: Floats, stop: Stop) -> Floats:
        """Features h to audio, float32 (samples,)."""
        (audio,) = self._second.run(["audio"], {"h": features}, stop)
        return np.asarray(audio, np.float32).reshape(-1)

    def sound_at_once(self, latent: Floats, condition: Floats, stop: Stop) -> Floats:
        """Latent z to audio, where the decoder is in one."""
        (audio,) = self._first.run(["audio"], {"z": latent, "g": condition}, stop)
        return np.asarray(audio, np.float32).reshape(-1)


def _line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else f"{text[:299]}…"
