"""What makes a voice faster on a graphics card, so that each can be measured alone, and all together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Form(StrEnum):
    """In which form a network is computed."""

    EXPORTED = "exported"
    """The graph that was published, whole; what it gives comes to the host."""
    FP32 = "fp32"
    """As it is prepared for a card, all of it in float32."""
    FP16 = "fp16"
    """The same in float16 where that is near enough: BERT, and of the voice the decoder."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """One way to compute on a card. ValueError for what cannot be.

    `options` are those of ONNX Runtime's provider that are set as the daemon sets them (voice/cuda/options.py); the
    others are as ONNX Runtime has them by itself.
    """

    bert: Form = Form.EXPORTED
    voice: Form = Form.EXPORTED
    stays: bool = False
    """What BERT gives stays on the card, where the voice reads it; else it goes through the host."""
    batched: bool = False
    """The sentences of a text go through BERT together."""
    options: tuple[str, ...] = ()
    offload: bool = False
    """What it takes leaves the card after each text, and comes back for the next: the most that it can cost."""

    def __post_init__(self) -> None:
        if (self.stays or self.batched) and self.bert is Form.EXPORTED:
            raise ValueError("a BERT as it was exported gives its features to the host, one sentence at a time")
        if (self.stays or self.offload) and self.voice is Form.EXPORTED:
            raise ValueError("a voice as it was exported takes features from the host, and stays on the card")

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Tuning:
        """As `dataclasses.asdict` gives it, through JSON too."""
        forms = {key: Form(document[key]) for key in ("bert", "voice")}
        return cls(**{**document, **forms, "options": tuple(document["options"])})


SEARCH, ARENA = "cudnn_conv_algo_search", "arena_extend_strategy"
LAYOUT, PRODUCTS = "cudnn_conv1d_pad_to_nc1d", "use_tf32"

ALL = Tuning(Form.FP16, Form.FP16, stays=True, batched=True, options=(SEARCH, ARENA, LAYOUT, PRODUCTS))

BASE, TOGETHER, ONE_BY_ONE = "base", "all", "all, one by one"

MATRIX = {
    BASE: Tuning(),
    "voice in parts": Tuning(voice=Form.FP32),
    "BERT in float16": Tuning(bert=Form.FP16),
    "decoder in float16": Tuning(voice=Form.FP16),
    "BERT stays on the card": Tuning(Form.FP32, Form.FP32, stays=True),
    "sentences in a batch": Tuning(bert=Form.FP32, batched=True),
    "search: heuristic": Tuning(options=(SEARCH,)),
    "arena: as requested": Tuning(options=(ARENA,)),
    "conv1d: one row": Tuning(options=(LAYOUT,)),
    "no TF32": Tuning(options=(PRODUCTS,)),
    TOGETHER: ALL,
    ONE_BY_ONE: replace(ALL, batched=False),
    "all, offload": replace(ALL, offload=True),
}
"""The base is what one has who gives the published graphs to ONNX Runtime. A decoder in float16 and features that stay
need a voice in parts, which is a gain of its own and stands above them."""
