"""Never silent: the voice asked for, the other voices, the embedded one, and if all fail, a tone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Engine, EngineError, Manner

log = logging.getLogger(__name__)

TONE = "tone"
"""What the lowest rung is called."""


class Rendering:
    """One utterance on its way down the ladder: iterate over it once for the sound.

    Afterwards `engine` names who spoke (the lowest rung, where a higher one broke off; None where there was nothing
    to say), and `fallen` says in plain English why higher rungs did not, or not to the end.
    """

    def __init__(
        self,
        rungs: Sequence[Engine],
        tone: Callable[[], AudioChunk],
        utterance: Utterance,
        manner: Manner,
        fallen: tuple[str, ...],
    ) -> None:
        self._rungs = rungs
        self._tone = tone
        self._utterance = utterance
        self._manner = manner
        self.engine: str | None = None
        self.fallen = fallen

    def __iter__(self) -> Iterator[AudioChunk]:
        if not self._utterance.text:
            return
        for rung in self._rungs:
            try:
                for chunk in rung.speak(self._utterance, self._manner):
                    self.engine = rung.name
                    yield chunk
            except EngineError as error:
                self._fall(f"{rung.name}: {error}")
            except Exception as error:
                log.exception("voice %s broke at %r", rung.name, self._utterance.text)
                self._fall(f"{rung.name} broke: {type(error).__name__}: {error}")
            else:
                return
        self.engine = TONE
        yield self._tone()

    def _fall(self, why: str) -> None:
        log.warning("the next voice speaks instead; %s", why)
        self.fallen = (*self.fallen, why)


class Ladder:
    """The voices in the order in which they are tried, the default one first and the embedded one last.

    `tone` gives the sound that says: there was something to say, and no voice could say it.
    """

    def __init__(self, engines: Sequence[Engine], tone: Callable[[], AudioChunk]) -> None:
        self._engines = tuple(engines)
        self._tone = tone

    @property
    def names(self) -> tuple[str, ...]:
        """The voices, the default one first."""
        return tuple(engine.name for engine in self._engines)

    def warm_up(self) -> None:
        """Have every voice say something to nobody. One that cannot is reported, and tried again when it is needed."""
        for engine in self._engines:
            try:
                engine.warm_up()
            except Exception:
                log.exception("voice %s could not be warmed up", engine.name)

    def say(self, utterance: Utterance, manner: Manner, *, wanted: str | None, deaths: int) -> Rendering:
        """The sound of the utterance, by the highest voice that can say it.

        `wanted` is tried first (None: the default). `deaths` is how often the daemon has died while this was being
        said: as many voices are passed over, though never the last one.
        """
        fallen: list[str] = []
        rungs = list(self._engines)
        if wanted is not None:
            first = [engine for engine in rungs if engine.name == wanted]
            if not first:
                known = ", ".join(engine.name for engine in rungs)
                fallen.append(f"there is no voice {wanted}; allowed: {known}")
                log.warning("%s", fallen[-1])
            rungs = [*first, *(engine for engine in rungs if engine.name != wanted)]
        passed = min(deaths, max(len(rungs) - 1, 0))
        if passed:
            names = ", ".join(engine.name for engine in rungs[:passed])
            fallen.append(f"{names}: passed over, the daemon died while this was being said")
        return Rendering(rungs[passed:], self._tone, utterance, manner, tuple(fallen))
