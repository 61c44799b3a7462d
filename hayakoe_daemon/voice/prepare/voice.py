"""One voice prepared: cut apart, rewritten, checked against what it was, saved to be mapped, checked again.

Whatever is not recognised, or does not give what it gave, is left as it was: at the worst the whole graph is only saved
to be mapped. What remains in the way, and becomes a PreparationError, is a file that is no graph, the disk, the memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import onnx

from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.prepare import at_once, memory, rewrites, split
from hayakoe_daemon.voice.prepare.anatomy import anatomy
from hayakoe_daemon.voice.prepare.errors import NotRecognisedError, PreparationError
from hayakoe_daemon.voice.prepare.feeds import SENTENCES, Features, Trial, trials
from hayakoe_daemon.voice.prepare.in_place import InPlace
from hayakoe_daemon.voice.prepare.job import VoiceJob
from hayakoe_daemon.voice.prepare.look_up import voice_key
from hayakoe_daemon.voice.prepare.mapped import open_mapped, save_mapped
from hayakoe_daemon.voice.prepare.prepared import Part, Precision, PreparedVoice, Rewrite
from hayakoe_daemon.voice.prepare.rewrites import Drafts, Known, Quantise, Source
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepare.trying import difference, run, session

TOLERANCE = 1e-4
"""Of the samples, between a prepared voice and the graph that it came from, for the same features and noise."""

ANY = 2.0
"""INT8 and float16 are judged by whoever makes them; here it only has to be sound, which is never further than this
from anything."""

STEPS = (
    "reading the graph",
    "running it as it is",
    "the flow",
    "the decoder",
    "saving",
    "checking",
    "several sentences at once",
)

_BASE, _FACTOR = 250_000_000, 4.0
"""Bytes that a preparation takes without any graph, and for each byte of the graph. Measured on the full size, 250 MB:
790 MB where convolutions win in the flow, 1,250 where products are tried as well."""


class Tell(Protocol):
    """Who is told how far it has come."""

    def step(self, what: str, done: int, total: int) -> None: ...

    def remark(self, text: str) -> None: ...


def memory_needed(graph: Path) -> int:
    """Bytes, an estimate on the safe side. Raises OSError."""
    return int(_BASE + _FACTOR * graph.stat().st_size)


def space_needed(graph: Path) -> int:
    """Bytes on the disk: what is written is as large as the graph and a tenth. Raises OSError."""
    return 20_000_000 + graph.stat().st_size * 5 // 4


def prepare_voice(
    job: VoiceJob,
    tell: Tell,
    *,
    features: Features | None = None,
    quantise: Quantise | None = None,
    way: type[Preparation] | None = None,
) -> PreparedVoice:
    """Prepare it, whatever is there already. Raises PreparationError.

    `features` is the BERT that speaks with it, for trials nearer to life; `quantise` is needed for INT8 only; `way` is
    how it is done for another device than the processor.
    """
    try:
        memory.require(memory_needed(job.graph), f"voice {job.name}", memory.available())
        shelf = Shelf(job.root)
        shelf.require(space_needed(job.graph), f"voice {job.name}")
        key = voice_key(job, shelf)
        with shelf.putting(job.shelf_name, key) as folder:
            (way or Preparation)(job, tell, folder, key).run(features, quantise)
        return PreparedVoice.read(shelf.place(job.shelf_name, key))
    except OSError as error:
        raise PreparationError(f"voice {job.name} could not be prepared: {error}") from error
    except MemoryError as error:
        raise PreparationError(f"voice {job.name} could not be prepared: there is not enough memory") from error


class Preparation:
    """For the processor; `run` fills the folder."""

    def __init__(self, job: VoiceJob, tell: Tell, folder: Path, key: str) -> None:
        self._job = job
        self._tell = tell
        self._folder = folder
        self._key = key
        self._step = 0
        self._hop_length = job.hop_length

    def run(self, features: Features | None, quantise: Quantise | None) -> None:
        self._next()
        try:
            source = self._source()
            tried = self._trials(source, features)
            self._next()
            known = self._known(source, tried)
        except NotRecognisedError as error:
            self._tell.remark(f"voice {self._job.name} is not split and speaks whole: {error}")
            self._whole(str(error))
            return
        for attempt in self._attempts(source, known, quantise, features):
            try:
                drafts = attempt()
                self._save(drafts, source)
                self._check(drafts, tried, known)
            except NotRecognisedError as error:
                self._tell.remark(f"voice {self._job.name}: {error}")
            else:
                self._try_several(tried)
                return
        self._whole("its parts do not give what it gives whole")

    def _attempts(
        self,
        source: Source,
        known: Known,
        quantise: Quantise | None,
        features: Features | None,  # noqa: ARG002, for other devices
    ) -> list[Callable[[], Drafts]]:
        """The best first, and then what asks for less."""
        return [
            lambda: self._rewritten(source, known, quantise),
            lambda: rewrites.with_measured_halo(rewrites.plain(source), source, known),
        ]

    def _next(self) -> None:
        self._tell.step(STEPS[self._step], self._step, len(STEPS))
        self._step = min(self._step + 1, len(STEPS) - 1)
        memory.give_back()

    def _source(self) -> Source:
        file = InPlace(self._job.graph)
        parts = anatomy(file.graph)
        return Source(file.graph, parts, split.dimensions(file.graph, parts), file.folder, file)

    def _trials(
        self, source: Source, features: Features | None, sentences: Sequence[str] = SENTENCES
    ) -> tuple[Trial, ...]:
        width = source.graph.shape_of_input(source.parts.inputs["bert"])[1]
        style = np.array(self._job.style, np.float32)
        return trials(style, source.sizes.inner, width if isinstance(width, int) else 1024, features, sentences)

    def _known(self, source: Source, tried: tuple[Trial, ...]) -> Known:
        """What the graph gives as it is."""
        opened = session(split.checking_copy(source.graph, source.parts, source.sizes), weights=source.weights)
        scalar = next(one.shape for one in opened.get_inputs() if one.name == "noise_scale")
        found = []
        for trial in tried:
            scale = np.full(scalar, trial.feed.sampling.noise_scale, np.float32)
            try:
                found.append(run(opened, {**trial.inputs(), "noise_scale": scale, split.LONGEST: trial.noise_z}))
            except Exception as error:  # onnxruntime raises what it likes
                raise NotRecognisedError(f"it cannot be run: {_line(error)}") from error
        frames, samples = found[-1]["z"].shape[2], found[-1]["audio"].shape[-1]
        if not frames or samples % frames:
            raise NotRecognisedError(f"{samples} samples for {frames} frames")
        if samples // frames != self._hop_length:
            self._tell.remark(f"a frame is {samples // frames} samples, not {self._hop_length} as the voice says")
            self._hop_length = samples // frames
        return found

    def _rewritten(self, source: Source, known: Known, quantise: Quantise | None) -> Drafts:
        self._next()
        drafts = rewrites.with_flow(rewrites.plain(source), source, known)
        self._next()
        drafts = rewrites.with_decoder(drafts, source, known, len(os.sched_getaffinity(0)))
        if self._job.precision is Precision.INT8 and quantise is not None:
            drafts = quantise(drafts, source)
        for one in drafts.rewrites:
            self._tell.remark(_told(one))
        return drafts

    def _save(self, drafts: Drafts, source: Source) -> None:
        self._next()
        for left in self._folder.iterdir():
            left.unlink()
        sizes = {}
        for part, model in drafts.models.items():
            try:
                sizes[part] = self._saved(part, model, source, outside=part in drafts.outside)
            except OSError:  # the disk, and not the graph
                raise
            except Exception as error:  # onnxruntime raises what it likes
                raise NotRecognisedError(f"the {part} cannot be saved: {_line(error)}") from error
            memory.give_back()
        PreparedVoice(
            folder=self._folder,
            key=self._key,
            parts=sizes,
            precision=drafts.precision,
            sample_rate=self._job.sample_rate,
            hop_length=self._hop_length,
            dimensions=drafts.dimensions,
            halos=drafts.halos,
            side_by_side=drafts.side_by_side,
            rewrites=drafts.rewrites,
            device=self._job.device,
            halves=drafts.halves,
        ).write()

    def _saved(self, part: Part, model: onnx.ModelProto, source: Source, *, outside: bool) -> int:
        """Bytes of the part, in its files. `outside`: its weights are those of the source."""
        return save_mapped(model.SerializeToString(), self._folder, part, source.weights if outside else None)

    def _check(self, drafts: Drafts, tried: tuple[Trial, ...], known: Known) -> None:
        """The saved parts, opened as they will be, from ids to samples. Raises NotRecognisedError."""
        self._next()
        opened = {part: open_mapped(PreparedVoice.read(self._folder).graph(part), 1) for part in drafts.models}
        decoders = [part for part in (Part.DECODER, Part.DECODER_A, Part.DECODER_B) if part in opened]
        far = 0.0
        for trial, expected in zip(tried, known, strict=True):
            told = run(opened[Part.ENCODER], trial.inputs())
            if difference(told["durations"], expected["durations"]):
                raise NotRecognisedError("its parts give other durations than the whole")
            latent = trial.latent(told["m_p"], told["logs_p"], told["durations"])
            values = {"z_p": latent, "g": told["g"]}
            for part in (Part.FLOW, *decoders):
                values |= run(opened[part], values)
            far = max(far, difference(values["audio"], expected["audio"]))
        bound = TOLERANCE if drafts.precision is Precision.FP32 else ANY
        if far > bound:
            raise NotRecognisedError(f"its parts are {far:.1e} from the whole, more than {bound:g}")
        self._tell.remark(f"samples within {far:.1e} of the unprepared graph")

    def _try_several(self, tried: tuple[Trial, ...]) -> None:
        """Note how many sentences at once are best; where that cannot be found out they come one after the other."""
        self._next()
        voice = PreparedVoice.read(self._folder)
        longest = max((one.feed for one in tried), key=lambda feed: len(feed.ids.phones))
        try:
            with at_once.trial(voice, [longest]) as seconds:
                count, told = at_once.choose(seconds, at_once.counts(len(os.sched_getaffinity(0))))
        except EngineError as error:
            self._tell.remark(f"{at_once.NAME} were not tried: {error}")
            return
        self._tell.remark(_told(told))
        replace(voice, sentences_at_once=count, rewrites=(*voice.rewrites, told)).write()

    def _whole(self, why: str) -> None:
        for left in self._folder.iterdir():
            left.unlink()
        try:
            size = save_mapped(self._job.graph, self._folder, Part.WHOLE)
            open_mapped(self._folder / f"{Part.WHOLE}.onnx", 1)
        except OSError:
            raise
        except Exception as error:
            raise PreparationError(f"{self._job.graph} cannot be loaded by onnxruntime: {_line(error)}") from error
        PreparedVoice(
            folder=self._folder,
            key=self._key,
            parts={Part.WHOLE: size},
            precision=Precision.FP32,
            sample_rate=self._job.sample_rate,
            hop_length=self._hop_length,
            rewrites=(Rewrite("split", kept=False, note=f"left out: {why}"),),
        ).write()


def _told(one: Rewrite) -> str:
    gain = "" if one.gain is None else f", {one.gain:.2f} times as fast"
    far = "" if one.difference is None else f", within {one.difference:.1e}"
    return f"{one.name}: {one.note}{gain}{far}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
