"""Which of the rewrites are worth it for this voice on this machine: each is checked, timed, and kept where it wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort

from hayakoe_daemon.voice.prepare import memory, split
from hayakoe_daemon.voice.prepare.anatomy import Anatomy
from hayakoe_daemon.voice.prepare.assembly import Places
from hayakoe_daemon.voice.prepare.coupling_read import read_flow
from hayakoe_daemon.voice.prepare.coupling_write import FeedForwardAs, write_flow
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.graph import Graph
from hayakoe_daemon.voice.prepare.hifigan import HifiGan
from hayakoe_daemon.voice.prepare.hifigan_read import read_decoder
from hayakoe_daemon.voice.prepare.hifigan_write import Axes, write_decoder
from hayakoe_daemon.voice.prepare.prepared import Dimensions, Halos, Part, Precision, Rewrite
from hayakoe_daemon.voice.prepare.reach import measured_halo
from hayakoe_daemon.voice.prepare.trying import cpu_seconds, difference, run, session

Floats = npt.NDArray[np.float32]
Known = Sequence[Mapping[str, Floats]]
"""Of each trial what the unprepared graph gives at z_p, g, z and audio."""

TOLERANCE = 2e-5
"""Of the samples. All of a voice together may be 1e-4 off, and other kernels alone are 1e-6."""

LATENT_TOLERANCE = 1e-4
"""Of z, whose values are around 1."""

CUT = 1
"""Stages in decoder_a. It is 20 % of the work and most of the range that is seen; halos on the rest stay short."""

_TIMED_FRAMES = 32

_SIDE_BY_SIDE_FROM = 0.9
"""Processor time inside operators over that side by side. Threads inside also wait for each other, which costs none."""

_MUCH = 1.1
"""Times as fast: blocked kernels take the convolutions, and products cannot be faster than those."""

_ANOTHER = "it does not give what the original gives"


@dataclass(frozen=True, slots=True)
class Source:
    """A recognised synthesizer; `weights` is the folder of what its graph keeps outside itself."""

    graph: Graph
    parts: Anatomy
    sizes: Dimensions
    weights: Path
    places: Places | None = None
    """Tells where in its files a weight lies."""


@dataclass(frozen=True, slots=True, eq=False)
class Drafts:
    """Graphs ready to be saved, and what became of the rewrites; those of `outside` need the source's weights."""

    models: Mapping[Part, onnx.ModelProto]
    outside: frozenset[Part]
    dimensions: Dimensions
    halos: Halos = field(default_factory=Halos)
    side_by_side: bool = False
    precision: Precision = Precision.FP32
    halves: tuple[Part, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()


def plain(source: Source) -> Drafts:
    """Only cut apart."""
    given = (source.graph, source.parts, source.sizes)
    models = {
        Part.ENCODER: split.encoder(*given),
        Part.FLOW: split.flow(*given),
        Part.DECODER: split.decoder(*given),
    }
    return Drafts(models, frozenset(models), source.sizes)


def with_flow(drafts: Drafts, source: Source, known: Known) -> Drafts:
    """The flow rebuilt, as convolutions or as products, where that is faster than it was."""
    name = "flow rebuilt"
    try:
        flow = read_flow(source.graph, source.parts)
    except NotRecognisedError as error:
        return _left_out(drafts, name, str(error))
    was, _ = _flow_tried(drafts.models[Part.FLOW], known, source.weights)
    tried: dict[FeedForwardAs, tuple[float, float]] = {}
    for form in FeedForwardAs:
        if any(far <= LATENT_TOLERANCE and was / seconds > _MUCH for seconds, far in tried.values()):
            break  # the other one takes more memory to try than all the rest of a preparation
        model = write_flow(flow, source.sizes.condition, form, source.places)
        tried[form] = _flow_tried(model, known, source.weights)
    good = [form for form in tried if tried[form][1] <= LATENT_TOLERANCE]
    if not good:
        return _left_out(drafts, name, _ANOTHER, min(far for _, far in tried.values()))
    form = min(good, key=lambda one: tried[one][0])
    gain, far = was / tried[form][0], tried[form][1]
    if gain <= 1:
        return _left_out(drafts, name, "it is not faster here", far, gain)
    note = f"attention without masks, feed-forward networks as {form.value}"
    kept = Rewrite(name, kept=True, note=note, gain=gain, difference=far)
    model = write_flow(flow, source.sizes.condition, form, source.places)
    return _with(drafts, {Part.FLOW: model}, kept, outside=frozenset({Part.FLOW}))


def with_decoder(drafts: Drafts, source: Source, known: Known, cores: int) -> Drafts:
    """The decoder rebuilt in two parts, along one axis or two, whichever is faster here."""
    name = "decoder rebuilt in two parts"
    try:
        decoder = read_decoder(source.graph, source.parts)
        if len(decoder.stages) <= CUT:
            raise NotRecognisedError(f"a decoder of {len(decoder.stages)} stages")
    except NotRecognisedError as error:
        return with_measured_halo(_left_out(drafts, name, str(error)), source, known)
    piece = _timed(known)
    was = cpu_seconds(partial(run, session(drafts.models[Part.DECODER], weights=source.weights), piece))
    tried = {axes: _tried(decoder, axes, known, piece) for axes in Axes}
    good = [axes for axes in Axes if tried[axes][1] <= TOLERANCE]
    if not good:
        left = _left_out(drafts, name, _ANOTHER, min(far for _, far in tried.values()))
        return with_measured_halo(left, source, known)
    axes = min(good, key=lambda one: tried[one][0])
    seconds, far = tried[axes]
    note = "convolutions along two axes, for the blocked kernels" if axes is Axes.TWO else "convolutions along one axis"
    kept = Rewrite(name, kept=True, note=note, gain=was / seconds, difference=far)
    models = {part: write_decoder(decoder, part, CUT, axes) for part in (Part.DECODER_A, Part.DECODER_B)}
    sizes = replace(source.sizes, cut=decoder.channels(CUT), rate=decoder.rate(CUT))
    drafts = _with(replace(drafts, dimensions=sizes, halos=decoder.halos(CUT)), models, kept)
    return _side_by_side(drafts, decoder, axes, piece, cores)


def with_measured_halo(drafts: Drafts, source: Source, known: Known) -> Drafts:
    """A decoder in one, which can be run in ranges all the same where it is found out how far it sees."""
    name = "decoder in ranges"
    longest = _longest(known)
    halo = measured_halo(session(drafts.models[Part.DECODER], weights=source.weights), longest["z"], longest["g"])
    if not halo:
        return noted(
            drafts, Rewrite(name, kept=False, note="left out: it looks at a whole sentence, or cannot be tried")
        )
    note = f"with {halo} frames on either side, as was measured"
    return noted(replace(drafts, halos=Halos(decoder=halo)), Rewrite(name, kept=True, note=note))


def _flow_tried(model: onnx.ModelProto, known: Known, weights: Path) -> tuple[float, float]:
    """Seconds for the longest trial, and the largest difference of all."""
    opened = session(model, weights=weights)
    far = max(difference(run(opened, one)["z"], one["z"]) for one in known)
    seconds = cpu_seconds(partial(run, opened, _longest(known)))
    del opened, model
    memory.give_back()
    return seconds, far


def _tried(decoder: HifiGan, axes: Axes, known: Known, piece: Mapping[str, Floats]) -> tuple[float, float]:
    """Seconds for the piece, and the largest difference."""
    first, second = (session(write_decoder(decoder, part, CUT, axes)) for part in (Part.DECODER_A, Part.DECODER_B))
    far = max(difference(_both(first, second, one)["audio"], one["audio"]) for one in known)
    seconds = cpu_seconds(partial(_both, first, second, piece))
    del first, second
    memory.give_back()
    return seconds, far


def _both(first: ort.InferenceSession, second: ort.InferenceSession, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
    return run(second, run(first, inputs))


def _side_by_side(drafts: Drafts, decoder: HifiGan, axes: Axes, piece: Mapping[str, Floats], cores: int) -> Drafts:
    """Ranges side by side wait for nobody; they lose only where the caches are too small for several at once.

    That shows in the processor time, which tells the truth also while other programs are busy: a clock would not.
    """
    name = "ranges side by side"
    if cores < 2:
        return noted(drafts, Rewrite(name, kept=False, note="there is one core"))
    model = write_decoder(decoder, Part.DECODER_B, CUT, axes)
    features = run(session(write_decoder(decoder, Part.DECODER_A, CUT, axes)), piece)
    single, inside = session(model), session(model, cores)
    with ThreadPoolExecutor(cores) as pool:
        beside = cpu_seconds(lambda: list(pool.map(partial(run, single), [features] * cores)), rounds=2) / cores
    gain = cpu_seconds(partial(run, inside, features), rounds=2) / beside
    kept = gain > _SIDE_BY_SIDE_FROM
    note = f"{cores} at a time, each on one thread" if kept else "threads inside an operator take less time here"
    return replace(noted(drafts, Rewrite(name, kept=kept, note=note, gain=gain)), side_by_side=kept)


def _longest(known: Known) -> Mapping[str, Floats]:
    return max(known, key=lambda one: one["z"].shape[2])


def _timed(known: Known) -> dict[str, Floats]:
    longest = _longest(known)
    return {"z": np.ascontiguousarray(longest["z"][:, :, :_TIMED_FRAMES]), "g": longest["g"]}


def _with(
    drafts: Drafts, models: Mapping[Part, onnx.ModelProto], rewrite: Rewrite, outside: frozenset[Part] = frozenset()
) -> Drafts:
    """Those models in place of the ones that did their work before; those of `outside` need the source's weights."""
    merged = {**drafts.models, **models}
    if Part.DECODER_A in models:
        del merged[Part.DECODER]
    still = (drafts.outside - models.keys()) & merged.keys()
    return noted(replace(drafts, models=merged, outside=still | outside), rewrite)


def noted(drafts: Drafts, rewrite: Rewrite) -> Drafts:
    """The same drafts, with one more rewrite told of."""
    return replace(drafts, rewrites=(*drafts.rewrites, rewrite))


def _left_out(
    drafts: Drafts, name: str, why: str, difference: float | None = None, gain: float | None = None
) -> Drafts:
    return noted(drafts, Rewrite(name, kept=False, note=f"left out: {why}", gain=gain, difference=difference))


Quantise = Callable[[Drafts, Source], Drafts]
"""Other precisions for some of the parts, kept where whoever makes them finds them good enough; else as they were."""
