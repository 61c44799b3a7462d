"""Which parts of a voice may compute in 8 bits: as many as stay near enough to 32 on sentences that were not tuned on.

The decoder's residual blocks stage by stage from the first, the flow's feed-forward networks; text encoder, durations
and their splines stay as they are, as below 32 bits the splines' discriminant goes negative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import onnx
import onnxruntime as ort

from hayakoe_daemon.voice.prepare import memory
from hayakoe_daemon.voice.prepare.coupling_read import read_flow
from hayakoe_daemon.voice.prepare.coupling_write import FeedForwardAs, write_flow
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.feeds import Features, Trial, trials
from hayakoe_daemon.voice.prepare.graph import Graph
from hayakoe_daemon.voice.prepare.int8_bound import Bound
from hayakoe_daemon.voice.prepare.int8_write import Ranges, ends, ranges, to_int8_products, with_int8_convolutions
from hayakoe_daemon.voice.prepare.judging import HELD_OUT, Arrays, Distance, pieces, wanted
from hayakoe_daemon.voice.prepare.prepared import Part, Precision, Rewrite
from hayakoe_daemon.voice.prepare.rewrites import Drafts, Floats, Quantise, Source
from hayakoe_daemon.voice.prepare.trying import cpu_seconds, run, session

_WATCHED = 24
"""Frames at once while ranges are taken: everything inside the decoder is kept until its end."""
_FASTER = 1.05
"""Times as fast, from which on more in 8 bits is worth more distance: a stopwatch alone is 5 % off."""

TUNED = (
    "はい。",
    "明日の朝は晴れますが、午後からは雨でしょう。",
    "お風呂が沸きました。",
    "ただいま、玄関のドアが開きました！",
    "燃えるごみの収集日ですよ。",
    "洗濯が終わりました。",
    "ピザをご注文のお客様、百八十円です。",
    "荷物が届いたようですが、どなたか出られますか？",
)

_DECODERS = (Part.DECODER, Part.DECODER_A, Part.DECODER_B)


def quantiser(
    style: Floats, features: Features | None, sample_rate: int, bound: Bound, tell: Callable[[str], None]
) -> Quantise:
    """What `prepare_voice` takes. Ranges come from the sentences TUNED, judgement from those HELD_OUT."""

    def quantise(drafts: Drafts, source: Source) -> Drafts:
        width = source.graph.shape_of_input(source.parts.inputs["bert"])[1]
        of_voice = (style, source.sizes.inner, width if isinstance(width, int) else 1024, features)
        work = _Quantisation(drafts, source, sample_rate, bound, tell)
        return work.run(trials(*of_voice, TUNED), trials(*of_voice, HELD_OUT))

    return quantise


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    """The decoder with some of its stages in 8 bits."""

    stages: int
    gain: float
    distance: Distance


class _Quantisation:
    def __init__(
        self, drafts: Drafts, source: Source, sample_rate: int, bound: Bound, tell: Callable[[str], None]
    ) -> None:
        self._drafts = drafts
        self._source = source
        self._rate = sample_rate
        self._bound = bound
        self._tell = tell
        self._decoders = {part: drafts.models[part] for part in _DECODERS if part in drafts.models}

    def run(self, tuned: Sequence[Trial], held_out: Sequence[Trial]) -> Drafts:
        drafts = self._drafts
        if drafts.outside & self._decoders.keys():
            return _noted(drafts, "decoder in 8 bits", "left out: the decoder is not one that is recognised")
        held = self._sentences(held_out)
        return self._with_flow(self._with_decoder(drafts, self._sentences(tuned), held), held)

    def _sentences(self, trials: Sequence[Trial]) -> list[Arrays]:
        """z_p, g and z of each, in 32 bits."""
        memory.give_back()
        encoder, flow = self._session(Part.ENCODER), self._session(Part.FLOW)
        found = []
        for trial in trials:
            told = run(encoder, trial.inputs())
            latent = trial.latent(told["m_p"], told["logs_p"], told["durations"])
            found.append(_through([flow], {"z_p": latent, "g": told["g"]}))
        return found

    def _session(self, part: Part) -> ort.InferenceSession:
        weights = self._source.weights if part in self._drafts.outside else None
        return session(self._drafts.models[part], weights=weights)

    def _with_decoder(self, drafts: Drafts, tuned: Sequence[Arrays], held: Sequence[Arrays]) -> Drafts:
        name = "decoder in 8 bits"
        by_channels = {part: _convolutions(model) for part, model in self._decoders.items()}
        channels = sorted({width for found in by_channels.values() for width in found}, reverse=True)
        if not channels:
            return _noted(drafts, name, "left out: no residual blocks were found")
        seen = self._ranges(by_channels, tuned)
        expected = self._samples(self._decoders, held)
        piece = next(pieces(max(held, key=lambda one: one["z"].shape[2])))
        was = self._seconds(self._decoders, piece)
        choices = []
        for stages in range(1, len(channels) + 1):
            models = self._rounded(by_channels, seen, channels[:stages])
            gain = was / self._seconds(models, piece)
            choices.append(_Choice(stages, gain, self._distance(expected, models, held)))
            self._tell(f"{_stages(stages)} in 8 bits: {gain:.2f} times as fast, {choices[-1].distance}")
        good = [one for one in choices if one.gain >= _FASTER and one.distance.within(self._bound)]
        if not good:
            nearest = choices[0]
            why = f"left out: already {_stages(1)} is {nearest.distance}, {nearest.gain:.2f} times as fast"
            return _noted(drafts, name, f"{why}; wanted {wanted(self._bound)} and faster", nearest.gain)
        best = good[0]
        for one in good[1:]:
            best = one if one.gain >= _FASTER * best.gain else best
        self._decoders = self._rounded(by_channels, seen, channels[: best.stages])
        kept = replace(drafts, models={**drafts.models, **self._decoders}, precision=Precision.INT8)
        return _noted(kept, name, f"{_stages(best.stages)}, {best.distance}", best.gain, kept=True)

    def _rounded(
        self, by_channels: Mapping[Part, Mapping[int, list[str]]], seen: Mapping[Part, Ranges], widths: Sequence[int]
    ) -> dict[Part, onnx.ModelProto]:
        """The decoder with the residual blocks of these widths in 8 bits."""
        made = {}
        for part, model in self._decoders.items():
            chosen = {node for width in widths for node in by_channels[part].get(width, ())}
            made[part] = with_int8_convolutions(model, chosen, seen[part]) if chosen else model
        return made

    def _with_flow(self, drafts: Drafts, held: Sequence[Arrays]) -> Drafts:
        name = "flow in 8 bits"
        longest = max(held, key=lambda one: one["z_p"].shape[2])
        was = cpu_seconds(partial(run, self._session(Part.FLOW), longest))
        memory.give_back()
        try:
            model = self._rounded_flow()
        except NotRecognisedError as error:
            return _noted(drafts, name, f"left out: {error}")
        opened = session(model)
        gain = was / cpu_seconds(partial(run, opened, longest))
        in_8_bits = [_through([opened], one) for one in held]
        del opened
        expected = self._samples({part: self._drafts.models[part] for part in self._decoders}, held)
        distance = self._distance(expected, self._decoders, in_8_bits)
        self._tell(f"flow in 8 bits: {gain:.2f} times as fast, {distance} all together")
        if gain < _FASTER or not distance.within(self._bound):
            why = (
                f"left out: all together {distance}, {gain:.2f} times as fast; wanted {wanted(self._bound)} and faster"
            )
            return _noted(drafts, name, why, gain)
        models = {**drafts.models, Part.FLOW: model}
        kept = replace(drafts, models=models, outside=drafts.outside - {Part.FLOW}, precision=Precision.INT8)
        return _noted(kept, name, f"its feed-forward networks, all together {distance}", gain, kept=True)

    def _rounded_flow(self) -> onnx.ModelProto:
        """Its feed-forward networks in 8 bits: they have the products larger than attention's 3 x hidden x hidden."""
        flow = read_flow(self._source.graph, self._source.parts)
        model = write_flow(flow, self._source.sizes.condition, FeedForwardAs.PRODUCT)
        to_int8_products(model, at_least=3 * flow.hidden**2 + 1)
        return model

    def _seconds(self, models: Mapping[Part, onnx.ModelProto], piece: Arrays) -> float:
        memory.give_back()
        return cpu_seconds(partial(_through, [session(model) for model in models.values()], piece))

    def _ranges(
        self, by_channels: Mapping[Part, Mapping[int, list[str]]], tuned: Sequence[Arrays]
    ) -> dict[Part, Ranges]:
        memory.give_back()
        watched = [piece for sentence in tuned for piece in pieces(sentence, _WATCHED)]
        seen: dict[Part, Ranges] = {}
        for part, model in self._decoders.items():
            tensors = ends(model, set().union(*by_channels[part].values()))
            seen[part] = ranges(model, tensors, watched)
            if part is Part.DECODER_A:
                opened = session(model)
                watched = [_through([opened], piece) for piece in watched]
        return seen

    def _samples(self, decoders: Mapping[Part, onnx.ModelProto], sentences: Sequence[Arrays]) -> Floats:
        """All sentences one after the other, decoded piece by piece, which saves a gigabyte."""
        memory.give_back()
        opened = [session(model) for model in decoders.values()]
        parts = (piece for sentence in sentences for piece in pieces(sentence))
        return np.concatenate([_through(opened, part)["audio"].reshape(-1) for part in parts])

    def _distance(self, expected: Floats, decoders: Mapping[Part, onnx.ModelProto], held: Sequence[Arrays]) -> Distance:
        found = self._samples(decoders, held)
        return Distance.between(expected, found, self._rate)


def _through(opened: Sequence[ort.InferenceSession], inputs: Arrays) -> Arrays:
    """From one graph to the next, each given what it takes of all that there is by then."""
    values = dict(inputs)
    for one in opened:
        values |= run(one, values)
    return values


def _convolutions(model: onnx.ModelProto) -> dict[int, list[str]]:
    """Names of the residual blocks' convolutions, as wide at their end as at their beginning, by their channels."""
    graph = Graph(model)
    found: dict[int, list[str]] = {}
    for node in graph.nodes:
        weight = graph.constant(node.input[1]) if node.op_type == "Conv" else None
        if weight is not None and weight.shape[0] == weight.shape[1] and weight.shape[-1] > 1:
            found.setdefault(weight.shape[0], []).append(node.name)
    return found


def _stages(count: int) -> str:
    return "stage 1" if count == 1 else f"stages 1 to {count}"


def _noted(drafts: Drafts, name: str, note: str, gain: float | None = None, *, kept: bool = False) -> Drafts:
    return replace(drafts, rewrites=(*drafts.rewrites, Rewrite(name, kept=kept, note=note, gain=gain)))
