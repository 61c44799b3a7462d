"""Never silent: the voice asked for, the other neural voices, the embedded one, and if all fail, a tone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Engine, Manner
from hayakoe_daemon.voice.expecting import Expects
from hayakoe_daemon.voice.kept import KeptVoice, State
from hayakoe_daemon.voice.recall import Recalled, Remembers
from hayakoe_daemon.voice.rendering import TONE, Rendering

__all__ = ["TONE", "Cast", "Ladder", "Rendering", "Wish"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """How an announcement is to be said."""

    voice: str | None
    """The voice it asks for, None: the default one."""
    default: str
    """The voice that speaks where none is asked for."""
    manner: Manner
    patience: float
    """Seconds to the first sound; who takes longer does not speak."""


class Cast:
    """Who says one announcement: its rungs from the top, and why those above them do not."""

    def __init__(
        self, rungs: Sequence[Engine], tone: Callable[[], AudioChunk], manner: Manner, notes: Sequence[str] = ()
    ) -> None:
        self._rungs = tuple(rungs)
        self._tone = tone
        self._manner = manner
        self.notes = tuple(notes)

    @property
    def names(self) -> tuple[str, ...]:
        """The rungs, the highest one first."""
        return tuple(rung.name for rung in self._rungs)

    @property
    def at_once(self) -> int:
        """How many sentences are best made at once, where all of a text is wanted before any of it is heard."""
        top = self._rungs[0]
        return top.at_once if isinstance(top, KeptVoice) else 1

    def lowest(self, spoke: Collection[str]) -> str | None:
        """The lowest rung of those that spoke; None where nobody did."""
        return next((name for name in (TONE, *reversed(self.names)) if name in spoke), None)

    def knows(self, utterance: Utterance) -> bool:
        """Whether `recall` should find it."""
        top = self._rungs[0]
        return isinstance(top, Remembers) and bool(utterance.text) and top.knows(utterance, self._manner)

    def recall(self, passage: Sequence[Utterance], position: int) -> Recalled | None:
        """`passage[position]` as the highest rung has said it before; any thread may ask, and waits for nobody."""
        top = self._rungs[0]
        return top.recall(passage, position, self._manner) if isinstance(top, Remembers) else None

    def expect(self, utterances: Sequence[Utterance]) -> None:
        """These will be said next; any thread may tell, and waits for nobody."""
        top = self._rungs[0]
        if isinstance(top, Expects):
            top.expect(utterances)

    def say(self, utterance: Utterance, *, deaths: int = 0) -> Rendering:
        """The sound of the utterance, by the highest rung that can say it.

        `deaths` is how often the daemon has died while this was being said: as many rungs are passed over, though
        never the last one.
        """
        passed = min(deaths, max(len(self._rungs) - 1, 0))
        rendering = Rendering(self._rungs[passed:], self._tone, utterance, self._manner)
        if passed:
            names = ", ".join(self.names[:passed])
            rendering.notes.append(f"{names}: passed over, the daemon died while this was being said")
        return rendering

    def spare(self, utterance: Utterance) -> Rendering | None:
        """The sound of the utterance by the lowest rung; None where there is no other one above it."""
        above = len(self._rungs) > 1
        return Rendering(self._rungs[-1:], self._tone, utterance, self._manner) if above else None


class Ladder:
    """The neural voices in the order in which they are tried, and under them the embedded one.

    `tone` gives the sound that says: there was something to say, and no voice could say it. Any thread may ask.
    """

    def __init__(self, embedded: Engine, tone: Callable[[], AudioChunk], voices: Sequence[KeptVoice] = ()) -> None:
        self._embedded = embedded
        self._tone = tone
        self._voices = tuple(voices)

    @property
    def names(self) -> tuple[str, ...]:
        return (*(voice.name for voice in self._voices), self._embedded.name)

    @property
    def voices(self) -> tuple[KeptVoice, ...]:
        return self._voices

    def take(self, voices: Sequence[KeptVoice]) -> None:
        """These are the neural voices from now on."""
        self._voices = tuple(voices)

    def warm_up(self) -> None:
        """Have the embedded voice say something to nobody. Where it cannot, that is reported, and it is tried again
        when it is needed."""
        try:
            self._embedded.warm_up()
        except Exception:
            log.exception("voice %s could not be warmed up", self._embedded.name)

    def cast(self, wish: Wish, first: Utterance, *, then: Sequence[Utterance] = (), waited: float = 0.0) -> Cast | None:
        """Who says an announcement that begins with `first`, goes on with `then` and has waited for its voice for so
        long (s).

        None: nobody yet. The voice asked for is being loaded and may be ready within the patience; ask again. One that
        is asleep is woken. Below the voice asked for come only those that are ready now, and the embedded one. A voice
        that has said all of it before need not be loaded.
        """
        if not first.text:
            return Cast([self._embedded], self._tone, wish.manner)
        notes: list[str] = []
        asked = self._asked(wish, notes)
        if not isinstance(asked, KeptVoice):
            ready = self._ready(wish, first, waited)
            return self._cast([*ready, self._embedded] if asked is None else [asked, *ready], wish, notes)
        if asked.want():
            log.info("voice %s is loaded now that it is needed", asked.name)
        known = asked.state is not State.READY and all(
            asked.knows(utterance, wish.manner) for utterance in (first, *then) if utterance.text
        )
        if asked.state is State.LOADING and not known and waited + asked.ready_in < wish.patience:
            return None
        why = None if known else _hindrance(asked, wish, first, waited)
        if why is not None:
            notes.append(f"{asked.name}: {why}")
        rungs = [voice for voice in self._ready(wish, first, waited) if voice is not asked]
        top = [] if why is not None else [asked]
        return self._cast([*top, *rungs, self._embedded], wish, notes)

    def asked(self, wish: Wish) -> KeptVoice | None:
        """The voice that is to say it, whatever becomes of it; None for the embedded one."""
        voice = self._asked(wish, [])
        return voice if isinstance(voice, KeptVoice) else None

    def _cast(self, rungs: Sequence[Engine], wish: Wish, notes: Sequence[str]) -> Cast:
        for note in notes:
            log.warning("%s; %s speaks instead", note, rungs[0].name)
        return Cast(rungs, self._tone, wish.manner, notes)

    def _asked(self, wish: Wish, notes: list[str]) -> Engine | None:
        """The voice of that name, else the default one; None where there is neither."""
        by_name = {voice.name: voice for voice in self._voices}
        for name in (wish.voice, wish.default):
            if name is None:
                continue
            if name == self._embedded.name:
                return self._embedded
            if name in by_name:
                return by_name[name]
            notes.append(f"there is no voice {name}; there are: {', '.join(self.names)}")
        return None

    def _ready(self, wish: Wish, first: Utterance, waited: float) -> Iterator[KeptVoice]:
        """The default voice and then all others that could speak now."""
        for voice in sorted(self._voices, key=lambda voice: voice.name != wish.default):
            if voice.state is State.READY and _hindrance(voice, wish, first, waited) is None:
                yield voice


def _hindrance(voice: KeptVoice, wish: Wish, first: Utterance, waited: float) -> str | None:
    """Why this voice does not say it, if it does not."""
    if voice.state is State.BROKEN:
        return voice.why
    if voice.state is State.PREPARING:
        return "it is being prepared for this machine, which takes some minutes and is done once"
    if voice.state is not State.READY:
        takes = f", which takes about {voice.took:.0f} s" if voice.took else ""
        return f"it is still being loaded{takes}, and the patience is {wish.patience:g} s"
    seconds = waited + voice.first_sound_in(first, wish.manner)
    if seconds > wish.patience:
        return f"its first sound would have taken {seconds:.1f} s, and the patience is {wish.patience:g} s"
    return None
