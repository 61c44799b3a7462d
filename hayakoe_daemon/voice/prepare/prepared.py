"""A voice as it was prepared: a folder of graphs, each with its weights beside it, and a manifest about them.

Every graph has batch 1 and these inputs and outputs, whatever the export called them (T ids, N frames, C inner
channels, G channels of the speaker's condition, L = N x hop_length samples; float32 unless it says otherwise):

    encoder     x, tone, language int64 (1, T); x_lengths, sid int64 (1,); bert (1, 1024, T); style_vec (1, 256);
                length_scale, noise_scale_w, sdp_ratio (1,); noise_w (1, 2, T), standard normal
                → m_p, logs_p (1, C, T); durations (1, 1, T), whole frames; g (1, G, 1)
    flow        z_p (1, C, N), g → z (1, C, N)
    decoder_a   z, g → h (1, H, N x rate)           with
    decoder_b   h → audio (1, 1, L)                 or, in place of both,
    decoder     z, g → audio
    whole       as it was exported, its own names; alone, where the graph is not recognised

For a graphics card (`device`) what passes between the parts stays there, so what numpy does in between is in them:

    encoder     in place of bert: `rows` (1 or more sentences, tokens, 1024), BERT's output as it lies there;
                `columns` int64 (T,): for each id, sentence x tokens + the token that it belongs to
    flow        in place of z_p: m_p, logs_p; `frames` int64 (N,), for each frame the id that it belongs to;
                `noise` (1, C, N), standard normal; `noise_scale` (1,)
    decoder     also `first`, `last` int64 (1,), which the CUDA provider reads on the processor: the frames to decode,
                halo and all; audio is of these alone

Elsewhere, between encoder and flow, z_p = repeat(m_p) + noise x exp(repeat(logs_p)) x noise_scale, each column repeated
`durations` times, is numpy's work, so that the noise can come from a seed. A range of frames goes through a decoder
with `halo` more frames on either side, as far as there are any, whose output is cut off again: the result is the same
as of the whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hayakoe_daemon.system.durable import write_durably
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.prepare.errors import PreparationError

MANIFEST = "manifest.json"
FORMAT = 1
"""Raised when the manifest or the inputs and outputs above change."""


class Part(StrEnum):
    """A graph of a prepared voice; FORMS says which of them make one."""

    ENCODER = "encoder"
    FLOW = "flow"
    DECODER_A = "decoder_a"
    DECODER_B = "decoder_b"
    DECODER = "decoder"
    WHOLE = "whole"


FORMS = (
    {Part.ENCODER, Part.FLOW, Part.DECODER_A, Part.DECODER_B},
    {Part.ENCODER, Part.FLOW, Part.DECODER},
    {Part.WHOLE},
)


class Precision(StrEnum):
    """The weights of a prepared voice; with INT8 some of them are in 8 bits, as `int8` finds them near enough."""

    FP32 = "fp32"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Halos:
    """Frames on either side that the parts of the decoder see beyond their range; `decoder` for the decoder in one.

    A decoder in one whose halo is 0 takes all frames at once: how far it sees is not known.
    """

    decoder: int = 0
    decoder_a: int = 0
    decoder_b: int = 0


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Channels and rates, 0 where the form does not have them."""

    inner: int = 0
    """C, channels of m_p, z_p and z."""
    condition: int = 0
    """G, channels of g."""
    cut: int = 0
    """H, channels of h."""
    rate: int = 0
    """Columns of h for one frame."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What became of one rewrite: kept or not, how much faster it runs here, how far it is from the original."""

    name: str
    kept: bool
    note: str
    """In plain English: what it does, or why it was left out."""
    gain: float | None = None
    """Time before ÷ time after, measured at preparation."""
    difference: float | None = None
    """The largest absolute difference of any output on the feeds it was checked with."""


@dataclass(frozen=True, slots=True)
class PreparedVoice:
    """What a prepared folder holds. `read` it; the parts are opened with `voice.prepare.mapped.open_mapped`."""

    folder: Path
    key: str
    """Names source, machine, recipe and precision: another key, other samples."""
    parts: Mapping[Part, int]
    """Bytes of each part, graph and weights together."""
    precision: Precision
    sample_rate: int
    hop_length: int
    dimensions: Dimensions = Dimensions()
    halos: Halos = Halos()
    side_by_side: bool = False
    """True where several ranges of frames at once, each on one thread, beat threads inside an operator."""
    rewrites: tuple[Rewrite, ...] = ()
    device: Device = Device.CPU
    """Where it is to compute: other parts, with other inputs, for each device."""
    halves: tuple[Part, ...] = ()
    """The parts that compute in float16 inside; the others do in float32 (or 8 bits, as `precision` says).

    On a card TF32 is to be off for the others, and on for these: off it keeps convolutions from the tensor cores.
    """
    sentences_at_once: int = 1
    """How many sentences are made in the least time, where all of a text is wanted before any of it is heard."""

    def __post_init__(self) -> None:
        if set(self.parts) not in FORMS:
            raise ValueError(f"{', '.join(self.parts)} make no voice")
        if self.sample_rate <= 0 or self.hop_length <= 0:
            raise ValueError(f"{self.sample_rate} Hz, {self.hop_length} samples a frame")

    @property
    def split(self) -> bool:
        """True where the voice is in parts, so that it has durations, seeds and pieces; False for `whole`."""
        return Part.WHOLE not in self.parts

    def graph(self, part: Part) -> Path:
        return graph_path(self.folder, part)

    @classmethod
    def read(cls, folder: Path) -> PreparedVoice:
        """Raises PreparationError where the folder is incomplete or from another version of this program."""
        try:
            told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if told.pop("format") != FORMAT:
                raise PreparationError(f"{folder} was prepared by another version of hayakoe-daemon; prepare it again")
            voice = _from_plain(folder, told)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PreparationError(f"{folder} is not a complete prepared voice ({error}); prepare it again") from error
        for part, size in voice.parts.items():
            found = part_bytes(folder, part)
            if found != size:
                raise PreparationError(
                    f"{voice.graph(part)}: {found} bytes where {size} were written; prepare it again"
                )
        return voice

    def write(self) -> None:
        """The manifest, as the last file of the folder, and on the disk when this returns."""
        plain = {k: v for k, v in asdict(self).items() if k != "folder"} | {"format": FORMAT}
        write_durably(self.folder / MANIFEST, json.dumps(plain, ensure_ascii=False, indent=2).encode())


def graph_path(folder: Path, part: str) -> Path:
    return folder / f"{part}.onnx"


def weights_path(folder: Path, part: str) -> Path:
    return folder / f"{part}.weights"


def part_bytes(folder: Path, part: str) -> int:
    """Bytes of a part, 0 for a file that is missing. A graph without large weights has no file of weights."""
    return sum(path.stat().st_size for path in (graph_path(folder, part), weights_path(folder, part)) if path.exists())


def _from_plain(folder: Path, told: dict[str, Any]) -> PreparedVoice:
    return PreparedVoice(
        folder=folder,
        key=str(told["key"]),
        parts={Part(name): int(size) for name, size in told["parts"].items()},
        precision=Precision(told["precision"]),
        sample_rate=int(told["sample_rate"]),
        hop_length=int(told["hop_length"]),
        dimensions=Dimensions(**told["dimensions"]),
        halos=Halos(**told["halos"]),
        side_by_side=bool(told["side_by_side"]),
        rewrites=tuple(Rewrite(**one) for one in told["rewrites"]),
        device=Device(told.get("device", Device.CPU)),
        halves=tuple(Part(name) for name in told.get("halves", ())),
        sentences_at_once=max(1, int(told.get("sentences_at_once", 1))),
    )
