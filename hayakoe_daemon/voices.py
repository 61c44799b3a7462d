"""Which voices there are: those of the folder, the embedded one, and under them a tone."""

from __future__ import annotations

import difflib
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hayakoe_daemon.audio.chime import tone_pattern
from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.opening import Manual, Opener
from hayakoe_daemon.voice.cuda.card import Card, GpuMemory
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.hts import NAME, HtsEngine
from hayakoe_daemon.voice.kept import KeptVoice, State
from hayakoe_daemon.voice.ladder import Ladder
from hayakoe_daemon.voice.loader import Loader
from hayakoe_daemon.voice.loadings import Loadings
from hayakoe_daemon.voice.prepare.order import Order, Precise, forget_voice
from hayakoe_daemon.voice.prepare.workshop import Workshop
from hayakoe_daemon.voice.recollection import Recollections
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.voice.store.files import VoiceError
from hayakoe_daemon.voice.store.store import Store
from hayakoe_daemon.voice.warmth import WarmFiles, Warmth

if TYPE_CHECKING:
    from hayakoe_daemon.voice.cache.cache import RenderCache

log = logging.getLogger(__name__)

LOOK = 5.0
"""Seconds between two looks whether a voice was added or removed."""

SUSPICIOUS = 2
"""Times in a row that the daemon died while it loaded a voice, after which it goes without for a while: a home that is
spoken to by the embedded voice is better than one whose daemon is for ever starting."""

HELD_BACK = 3600.0
"""Seconds of that."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wished of the voices."""

    folder: Path
    """Of the voices and their BERT; it need not exist yet."""
    loadings: Path
    """The file that remembers how loading them went."""
    prepared: Path
    """The folder of what was prepared for this machine."""
    default: str = NAME
    """Loaded first, and the first to speak where another one cannot."""
    order: Sequence[str] = ()
    """Who is tried first; voices that are not named come after these, by their names."""
    at_start: Callable[[str], bool] = lambda _: True
    """Whether the voice of that name is loaded at the start, and not when it is first needed."""
    prepare: bool = True
    """False: voices speak as their files are."""
    precise: Callable[[str], Precise] = lambda _: Precise()
    """How precise the voice of that name is to be."""
    warmth: Warmth = Warmth.CACHED
    """How what was prepared is kept at hand."""
    device: Device = Device.CPU
    """Where voices compute, if they can."""
    gpu_memory: GpuMemory = GpuMemory.RESIDENT
    """What becomes of voices on a graphics card that are not needed now."""
    manners: Mapping[str, Manner] = field(default_factory=dict)
    """What single voices do where an announcement does not say."""
    named: Sequence[tuple[str, str]] = ()
    """Where in the config which voice is named."""

    def manual(self, name: str) -> Manual:
        return Manual(self.folder, self.prepared, self.precise(name), self.prepare, self.device, self.gpu_memory)


def misnamed(plan: Plan, names: Sequence[str]) -> dict[tuple[str, str], str]:
    """A complaint for each place in the config that names a voice which is not among these names."""
    found = {}
    for key, name in plan.named:
        if name in names:
            continue
        close = difflib.get_close_matches(name, names, n=1)
        hint = f', did you mean "{close[0]}"?' if close else f"; there are: {', '.join(names)}"
        found[key, name] = f'{key}: there is no voice "{name}"{hint}'
    return found


def installed(folder: Path) -> tuple[str, ...]:
    """All names that can be used."""
    return (*Store(folder).names(), NAME)


class Voices:
    """The ladder, and what keeps its rungs well. `step` is the loading thread; the rest may be called by any thread.

    `changed` is told whenever `document` may have changed, `trouble` of what goes wrong, in words for people. Where
    `alone`, in a process that says one thing and ends, nothing is prepared: who was prepared before speaks so.
    """

    def __init__(
        self,
        plan: Plan,
        renders: RenderQueue,
        *,
        changed: Callable[[], None],
        trouble: Callable[[str], None],
        cache: RenderCache | None = None,
        alone: bool = False,
    ) -> None:
        self.ladder = Ladder(HtsEngine(measure=loudness, target_loudness=TARGET), tone=tone_pattern)
        self._changed = changed
        self._trouble = trouble
        self._loader = Loader(renders)
        self._lock = threading.Lock()
        self._plan = plan
        self._kept: dict[str, KeptVoice] = {}
        self._complaints: Collection[tuple[str, str]] = ()
        self._loadings = Loadings(plan.loadings)
        self._workshop = Workshop(finished=self._prepared, progressed=changed)
        self._warm_files = WarmFiles(plan.warmth, trouble)
        recollections = Recollections(plan.loadings.with_name("recollections.json"))
        self._opener = Opener(
            None if alone else self._workshop, cache, recollections, card=Card(failed=self._without_card)
        )
        self._looked = 0.0
        self._seen: int | None = None

    def take(self, plan: Plan) -> None:
        """This is wished from now on, of the voices that are there now; those that are out of order are tried again."""
        with self._lock:
            before, self._plan = self._plan, plan
            self._seen = _changed_at(plan.folder)
            names = Store(plan.folder).names()
            for name in [name for name in self._kept if plan.folder != before.folder or name not in names]:
                self._kept.pop(name).retire(self._loader.in_turn)
                self._workshop.drop(name)
                self._opener.forget(name)
                if self._seen is not None:  # else a disk is missing, and may come back
                    forget_voice(before.prepared, name)
                log.info("voice %s was removed", name)
            new = [name for name in names if name not in self._kept]
            self._kept.update({name: self._voice(name) for name in new})
            voices = sorted(self._kept.values(), key=partial(_place, plan))
            self.ladder.take(voices)
            self._loader.take(voices)
            complaints = misnamed(plan, self.ladder.names)
            news = [complaint for place, complaint in complaints.items() if place not in self._complaints]
            self._complaints = tuple(complaints)
        for complaint in news:
            self._trouble(complaint)
        self._warm_files.keep(plan.warmth)
        again = self._workshop.try_again()
        for_card = self._opener.try_card_again()
        for voice in voices:
            voice.manner = plan.manners.get(voice.name, Manner())
            if voice.name in new:
                self._beware(voice)
            else:
                voice.look_again()
                anew = voice.name in for_card or plan.manual(voice.name) != before.manual(voice.name)
                if anew or (again and voice.note):
                    voice.renew()
            if plan.at_start(voice.name):
                voice.want()
            elif voice.name in new:
                self._prepare_ahead(plan, voice.name)
        self._tell()

    @property
    def steps(self) -> Mapping[str, Callable[[], None]]:
        """What threads of these names are to call again and again."""
        return {"voices": self.step, "workshop": self._workshop.step, "warmth": self._warm_files.step}

    def step(self) -> None:
        """Load what is due; and now and then see whether voices were added or removed."""
        now = time.monotonic()
        if now - self._looked >= LOOK:
            self._looked = now
            if _changed_at(self._plan.folder) != self._seen:
                self.take(self._plan)
        self._opener.tidy()
        self._loader.step()

    def load_here(self, name: str) -> None:
        """Load this voice in this thread, if there is one of that name: for a process that says one thing and ends."""
        voice = self._kept.get(name)
        if voice is not None:
            voice.want()
            while voice.due(time.monotonic()):
                voice.load(lambda work: work())

    def document(self) -> list[dict[str, Any]]:
        """Each voice, how it is, and why where it is out of order."""
        progress = self._workshop.progress()
        neural = [_shown(voice, progress.get(voice.name)) for voice in self.ladder.voices]
        return [*neural, {"name": NAME, "state": str(State.READY)}]

    def styles(self, name: str) -> list[str]:
        """The styles of that voice; none where it has none or was not loaded yet."""
        return [style for voice in self.ladder.voices if voice.name == name for style in voice.styles]

    def close(self) -> None:
        """The daemon ends, and its threads have done so."""
        self._workshop.close()
        self._warm_files.close()
        self._loadings.close()

    def _voice(self, name: str) -> KeptVoice:
        def changed() -> None:
            if voice.state in (State.READY, State.BROKEN):
                self._loadings.end(name, voice.took if voice.state is State.READY else None)
                self._warm()
            self._tell()

        voice = KeptVoice(
            name,
            lambda: self._opener.open(name, self._plan.manual(name), lambda: self._loadings.begin(name)),
            took=self._loadings.past(name).took,
            changed=changed,
            trouble=self._trouble,
            before=self._opener.recollected(name, self._plan.manual(name)),
        )
        return voice

    def _beware(self, voice: KeptVoice) -> None:
        if self._loadings.past(voice.name).deaths >= SUSPICIOUS:
            voice.hold_back(
                "the daemon died of loading it, probably for want of memory. It is tried again in an hour, or at once"
                " with `systemctl reload hayakoe-daemon`",
                HELD_BACK,
            )

    def _tell(self) -> None:
        self._loader.wake()
        self._changed()

    def _prepare_ahead(self, plan: Plan, name: str) -> None:
        """One that is not to be loaded yet; what stands in the way is told when it is."""
        try:
            order = self._opener.order(name, plan.manual(name))
        except VoiceError:
            return
        if order is not None and self._opener.prepares:
            self._workshop.order(order)

    def _prepared(self, order: Order) -> None:
        voice = self._kept.get(order.name)
        if voice is not None and not self._opener.is_spare(order):
            voice.renew()

    def _without_card(self, why: str) -> None:
        """Those that were on the graphics card are opened on the processor, by the loading thread."""
        self._trouble(f"the graphics card is not used, voices speak on the processor: {why}")
        for name in self._opener.on_card:
            voice = self._kept.get(name)
            if voice is not None:
                voice.renew()

    def _warm(self) -> None:
        voices = tuple(self._kept.values())
        self._warm_files.take([path for voice in voices if voice.state is State.READY for path in voice.mapped])


def _place(plan: Plan, voice: KeptVoice) -> tuple[bool, int, str]:
    order = list(plan.order)
    return voice.name != plan.default, order.index(voice.name) if voice.name in order else len(order), voice.name


def _shown(voice: KeptVoice, progress: int | None) -> dict[str, Any]:
    state = State.PREPARING if voice.state is State.ASLEEP and progress is not None else voice.state
    found = {"name": voice.name, "state": str(state), "why": voice.why, "note": voice.note, "progress": progress}
    return {key: value for key, value in found.items() if value is not None}


def _changed_at(folder: Path) -> int | None:
    """When something was last added to the folder or removed; None where there is none."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None
