"""One voice prepared for a graphics card: cut apart, the flow and the decoder written anew, the decoder in float16.

Text encoder, durations with their splines, and flow stay in float32: below it the splines' discriminant goes negative,
and they are a small part of the work. All in float32 is held to the unprepared graph, on the processor; the decoder in
float16 to that in float32, on the card where it is at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from hayakoe_daemon.voice.prepare import memory, rewrites
from hayakoe_daemon.voice.prepare.anatomy import DECODER_OPS
from hayakoe_daemon.voice.prepare.coupling_read import read_flow
from hayakoe_daemon.voice.prepare.coupling_write import FeedForwardAs, write_flow
from hayakoe_daemon.voice.prepare.device_parts import with_prior, with_range, with_rows
from hayakoe_daemon.voice.prepare.device_save import save_part
from hayakoe_daemon.voice.prepare.device_trying import on_device
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError
from hayakoe_daemon.voice.prepare.feeds import Features, Trial
from hayakoe_daemon.voice.prepare.halves import in_halves
from hayakoe_daemon.voice.prepare.hifigan_read import read_decoder
from hayakoe_daemon.voice.prepare.hifigan_write import Axes, write_decoder
from hayakoe_daemon.voice.prepare.judging import HELD_OUT, Distance, Floats, pieces, wanted
from hayakoe_daemon.voice.prepare.prepared import Part, Rewrite
from hayakoe_daemon.voice.prepare.rewrites import CUT, LATENT_TOLERANCE, Drafts, Known, Quantise, Source
from hayakoe_daemon.voice.prepare.trying import difference, run, session
from hayakoe_daemon.voice.prepare.voice import ANY, TOLERANCE, Preparation
from hayakoe_daemon.voice.prepared_bert_batch import columns

Arrays = dict[str, npt.NDArray[Any]]

_ANOTHER = "left out: it does not give what the original gives"


class DevicePreparation(Preparation):
    """For `prepare_voice`, as its `way`."""

    def _attempts(
        self,
        source: Source,
        known: Known,
        quantise: Quantise | None,  # noqa: ARG002, 8 bits are for the processor
        features: Features | None,
    ) -> list[Callable[[], Drafts]]:
        return [
            lambda: self._anew(source, known, features),
            lambda: _for_device(rewrites.with_measured_halo(rewrites.plain(source), source, known)),
        ]

    def _try_several(self, tried: tuple[Trial, ...]) -> None:
        """Not on a card: one sentence alone fills it, and BERT has read all of them at once."""

    def _anew(self, source: Source, known: Known, features: Features | None) -> Drafts:
        self._next()
        drafts = _with_flow(rewrites.plain(source), source, known)
        self._next()
        drafts = _with_decoder(drafts, source, known)
        drafts = self._in_halves(drafts, source, features)
        for one in drafts.rewrites:
            self._tell.remark(f"{one.name}: {one.note}")
        return _for_device(drafts)

    def _in_halves(self, drafts: Drafts, source: Source, features: Features | None) -> Drafts:
        """The decoder, where it stays as near as the job asks for."""
        name, bound = "decoder in float16", self._job.bound
        exact = drafts.models[Part.DECODER]
        try:
            model = in_halves(exact, DECODER_OPS, source.graph.values)
            held = self._held_out(drafts, source, features)
            expected, _ = self._samples(exact, source, held)
            found, there = self._samples(model, source, held)
        except NotRecognisedError as error:
            return rewrites.noted(drafts, Rewrite(name, kept=False, note=f"left out: {error}"))
        if not np.isfinite(found).all():
            return rewrites.noted(drafts, Rewrite(name, kept=False, note="left out: it leaves what float16 can hold"))
        distance = Distance.between(expected, found, self._job.sample_rate)
        if not distance.within(bound):
            note = f"left out: {distance}, tried {there}; wanted {wanted(bound)}"
            return rewrites.noted(drafts, Rewrite(name, kept=False, note=note))
        kept = Rewrite(name, kept=True, note=f"{distance}, tried {there}")
        halved = replace(drafts, models={**drafts.models, Part.DECODER: model}, halves=(Part.DECODER,))
        return rewrites.noted(replace(halved, outside=drafts.outside - {Part.DECODER}), kept)

    def _held_out(self, drafts: Drafts, source: Source, features: Features | None) -> list[Arrays]:
        """The z and g of the sentences that it is judged by."""
        held = self._trials(source, features, HELD_OUT)
        encoder, flow = (session(drafts.models[part], weights=source.weights) for part in (Part.ENCODER, Part.FLOW))
        found = []
        for trial in held:
            told = run(encoder, trial.inputs())
            latent = trial.latent(told["m_p"], told["logs_p"], told["durations"])
            found.append({**run(flow, {"z_p": latent, "g": told["g"]}), "g": told["g"]})
        return found

    def _samples(self, decoder: onnx.ModelProto, source: Source, held: Sequence[Arrays]) -> tuple[Floats, str]:
        """All sentences one after the other, and where they were made."""
        memory.give_back()
        parts, there = on_device(
            decoder,
            self._job.device,
            source.weights,
            lambda opened: [run(opened, piece)["audio"] for sentence in held for piece in pieces(sentence)],
        )
        return np.concatenate([one.reshape(-1) for one in parts]).astype(np.float32), there

    def _saved(self, part: Part, model: onnx.ModelProto, source: Source, *, outside: bool) -> int:  # noqa: ARG002
        return save_part(model, self._folder, part, source.graph.values)

    def _check(self, drafts: Drafts, tried: tuple[Trial, ...], known: Known) -> None:
        """The saved parts, from ids to samples, on the processor. Raises NotRecognisedError."""
        self._next()
        opened = {
            part: session(onnx.load(self._folder / f"{part}.onnx", load_external_data=False), weights=self._folder)
            for part in drafts.models
        }
        far = 0.0
        for trial, expected in zip(tried, known, strict=True):
            told = run(opened[Part.ENCODER], {**trial.inputs(), **_bert(trial)})
            if difference(told["durations"], expected["durations"]):
                raise NotRecognisedError("its parts give other durations than the whole")
            values = {**told, **_prior(trial, told["durations"])}
            values |= run(opened[Part.FLOW], values)
            values |= {"first": np.array([0], np.int64), "last": np.array([values["z"].shape[2]], np.int64)}
            if difference(values["z"], expected["z"]) > 2 * LATENT_TOLERANCE:
                raise NotRecognisedError("its parts give another latent than the whole")
            audio = run(opened[Part.DECODER], values)["audio"]
            far = max(far, difference(audio, expected["audio"]))
        bound = ANY if drafts.halves else TOLERANCE
        if far > bound:
            raise NotRecognisedError(f"its parts are {far:.1e} from the whole, more than {bound:g}")
        self._tell.remark(f"samples within {far:.1e} of the unprepared graph")


def _with_flow(drafts: Drafts, source: Source, known: Known) -> Drafts:
    """Written anew it has an eighth of the operators, and a card takes as long for a small one as for a large one.

    With products in place of convolutions, as those are planned anew at each length of sentence (onnxruntime's
    core/providers/cuda/nn/conv.cc, whenever the shape is not that of the call before).
    """
    name = "flow rebuilt"
    try:
        flow = read_flow(source.graph, source.parts)
        model = write_flow(flow, source.sizes.condition, FeedForwardAs.PRODUCT, source.places)
        opened = session(model, weights=source.weights)
    except NotRecognisedError as error:
        return rewrites.noted(drafts, Rewrite(name, kept=False, note=f"left out: {error}"))
    far = max(difference(run(opened, one)["z"], one["z"]) for one in known)
    if far > LATENT_TOLERANCE:
        return rewrites.noted(drafts, Rewrite(name, kept=False, note=_ANOTHER, difference=far))
    note = f"{len(model.graph.node)} operators in place of {len(drafts.models[Part.FLOW].graph.node)}"
    models = {**drafts.models, Part.FLOW: model}
    return rewrites.noted(replace(drafts, models=models), Rewrite(name, kept=True, note=note, difference=far))


def _with_decoder(drafts: Drafts, source: Source, known: Known) -> Drafts:
    name = "decoder rebuilt"
    try:
        decoder = read_decoder(source.graph, source.parts)
        model = write_decoder(decoder, Part.DECODER, CUT, Axes.ONE)
        opened = session(model)
    except NotRecognisedError as error:
        left = rewrites.noted(drafts, Rewrite(name, kept=False, note=f"left out: {error}"))
        return rewrites.with_measured_halo(left, source, known)
    far = max(difference(run(opened, one)["audio"], one["audio"]) for one in known)
    if far > rewrites.TOLERANCE:
        left = rewrites.noted(drafts, Rewrite(name, kept=False, note=_ANOTHER, difference=far))
        return rewrites.with_measured_halo(left, source, known)
    models = {**drafts.models, Part.DECODER: model}
    kept = replace(drafts, models=models, outside=drafts.outside - {Part.DECODER}, halos=decoder.halos(CUT))
    return rewrites.noted(kept, Rewrite(name, kept=True, note="its means in its weights", difference=far))


def _for_device(drafts: Drafts) -> Drafts:
    """The same parts, with what numpy does between them elsewhere."""
    models = {
        Part.ENCODER: with_rows(drafts.models[Part.ENCODER]),
        Part.FLOW: with_prior(drafts.models[Part.FLOW]),
        Part.DECODER: with_range(drafts.models[Part.DECODER]),
    }
    return replace(drafts, models=models)


def _bert(trial: Trial) -> Arrays:
    """The trial's features as they lie on a card: its sentence is the second of two, and padded."""
    counts = np.asarray(trial.feed.ids.word2ph)
    first = np.cumsum(counts) - counts
    characters, width = len(counts), trial.feed.bert.shape[0]
    rows = np.zeros((2, characters + 3, width), np.float32)
    rows[1, :characters] = trial.feed.bert.T[first]
    return {"rows": rows, "columns": columns(trial.feed.ids.word2ph, 1, characters + 3)}


def _prior(trial: Trial, durations: Floats) -> Arrays:
    counts = durations.reshape(-1).astype(np.int64)
    frames = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    return {
        "frames": frames,
        "noise": np.ascontiguousarray(trial.noise_z[:, :, : len(frames)]),
        "noise_scale": np.array([trial.feed.sampling.noise_scale], np.float32),
    }
