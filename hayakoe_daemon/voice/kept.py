"""One voice with its life: not loaded, being loaded, ready, out of order and on its way back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import AwayError, DisplacedError, Engine, EngineError, Manner
from hayakoe_daemon.voice.expecting import Expects
from hayakoe_daemon.voice.opened import BeingPrepared, Opened
from hayakoe_daemon.voice.reason import reason
from hayakoe_daemon.voice.recall import Recalled, Remembers
from hayakoe_daemon.voice.stamps import Stamps, replaced

log = logging.getLogger(__name__)

RETRY = (2.0, 5.0, 15.0, 60.0, 300.0)
"""Seconds until a voice that is out of order is tried again; the last one again and again."""

SENTENCES_FAILED = 3
"""Sentences in a row that a voice fails at before it is put away and loaded afresh: it may not be the sentences."""


InTurn = Callable[[Callable[[], None]], None]
"""Has the synthesis thread do something, when it has nothing better to do."""


class State(StrEnum):
    """How a voice is, in words for people."""

    ASLEEP = "not loaded"
    PREPARING = "preparing"
    """It is made ready for this machine, once; then it is loaded."""
    LOADING = "loading"
    READY = "ready"
    BROKEN = "out of order"


class KeptVoice:
    """A rung of the ladder whatever becomes of the voice: while it is not ready `speak` raises EngineError with why.

    The loading thread calls `load` whenever `due` says so: it makes the engine with `open_` and warms it up. From then
    on the engine is used and closed by the threads of the render queue only. `changed` is told of every change of state
    and after every attempt to load it, `trouble` of what went wrong, in words for people; both return at once.
    Everything else may be called by any thread. While there is no engine, `before` says what it has said in former
    lives.
    """

    def __init__(
        self,
        name: str,
        open_: Callable[[], Opened],
        *,
        took: float = 0.0,
        changed: Callable[[], None],
        trouble: Callable[[str], None],
        before: Remembers | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.manner = Manner()
        """What it does where an announcement does not say."""
        self.took = took
        """Seconds that it took the last time, its turn not waited for; 0: nobody knows."""
        self._open = open_
        self._changed = changed
        self._trouble = trouble
        self._before = before
        self._clock = clock
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._state = State.ASLEEP
        self._why: str | None = None
        self._styles: Sequence[str] = ()
        self._note: str | None = None
        self._mapped: tuple[Path, ...] = ()
        self._at_once = 1
        self._source: Stamps = ()
        self._at_work = False
        """It is being opened or warmed up, or waits for its turn to be."""
        self._opened: Opened | None = None
        """Opened, and not warmed up yet."""
        self._opening = 0.0
        """Seconds that it took to open."""
        self._may_warm_up = False
        self._wanted = False
        self._gone = False
        self._began = 0.0
        self._retry_at: float | None = None
        self._retries = 0
        self._failures = 0
        self._lives = 0
        self._speaking: list[Engine] = []
        """Engines in the middle of a sentence, once for each."""
        self._parting: list[Engine] = []
        """Those of them that are closed when the last one ends."""

    # --------------------------------------------------------------------------------------------------- how it is

    @property
    def state(self) -> State:
        return self._state

    @property
    def why(self) -> str | None:
        """Why it is out of order, or speaks with its former files."""
        return None if self._state is State.LOADING else self._why

    @property
    def note(self) -> str | None:
        """What a person should know of it although it speaks."""
        return self._note

    @property
    def mapped(self) -> tuple[Path, ...]:
        """Files that it reads while it speaks."""
        return self._mapped

    @property
    def styles(self) -> Sequence[str]:
        """Its styles, the default first; none before it was loaded for the first time."""
        return self._styles

    @property
    def at_once(self) -> int:
        """How many sentences are best made at once, where all of a text is wanted before any of it is heard."""
        return self._at_once

    @property
    def lives(self) -> int:
        """How often it was loaded; it may be another voice each time."""
        return self._lives

    @property
    def ready_in(self) -> float:
        """Seconds until it is loaded, as long as it took last time; 0 where nobody can know."""
        return max(0.0, self.took - (self._clock() - self._began)) if self._state is State.LOADING else 0.0

    def first_sound_in(self, utterance: Utterance, manner: Manner) -> float:
        """As its engine estimates; 0 while there is none, `ready_in` is for that."""
        engine = self._engine
        return 0.0 if engine is None else engine.first_sound_in(utterance, manner.over(self.manner))

    def knows(self, utterance: Utterance, manner: Manner) -> bool:
        """Whether it needs no model for this, and need not even be loaded; any thread may ask."""
        voice = self._engine or self._before
        return isinstance(voice, Remembers) and voice.knows(utterance, manner.over(self.manner))

    def recall(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Recalled | None:
        """As it has said it before; any thread may ask."""
        voice = self._engine or self._before
        return voice.recall(passage, position, manner.over(self.manner)) if isinstance(voice, Remembers) else None

    def expect(self, utterances: Sequence[Utterance]) -> None:
        """To be spoken next; any thread may tell."""
        engine = self._engine
        if isinstance(engine, Expects):
            engine.expect(utterances)

    # ------------------------------------------------------------------------------------------------- what is wished

    def want(self) -> bool:
        """Somebody needs it: true where it was asleep and is going to be loaded."""
        with self._lock:
            if self._state is not State.ASLEEP or self._gone:
                return False
            self._state, self._wanted, self._began = State.LOADING, True, self._clock()
        self._changed()
        return True

    def look_again(self) -> None:
        """Its files may have changed: one that is out of order is tried at once, one that is ready where they have."""
        with self._lock:
            if self._state is State.BROKEN:
                self._state, self._wanted, self._retries, self._began = State.LOADING, True, 0, self._clock()
            elif self._state is State.READY and replaced(self._source):
                self._wanted = True

    def renew(self) -> None:
        """It is to be opened otherwise from now on, or can be at last; one that is asleep sleeps on."""
        with self._lock:
            if self._state is State.ASLEEP or self._gone:
                return
            if self._state is State.PREPARING:
                self._state, self._began = State.LOADING, self._clock()
            self._wanted, self._retries = True, 0
        self._changed()

    def hold_back(self, why: str, seconds: float) -> None:
        """It is not loaded for so long, unless somebody has it looked at again."""
        with self._lock:
            self._state, self._why, self._wanted = State.BROKEN, why, False
            self._retry_at = self._clock() + seconds
        self._trouble(f"voice {self.name} is out of order: {why}")
        self._changed()

    def retire(self, in_turn: InTurn) -> None:
        """It was removed: what still speaks with it goes on to the next rung."""
        with self._lock:
            self._gone = True
            opened, self._opened = self._opened, None

        def part() -> None:
            self._put_away("it was removed")
            if opened is not None:
                opened.engine.close()

        in_turn(part)

    # ------------------------------------------------------------------------------------------------ its two threads

    def due(self, now: float) -> bool:
        """Loading thread: whether it is to be loaded now."""
        with self._lock:
            again = self._retry_at is not None and now >= self._retry_at
            return not self._gone and (self._may_warm_up or (not self._at_work and (self._wanted or again)))

    def load(self, in_turn: InTurn) -> None:
        """Loading thread: open it, or warm it up and use it from then on; when it is due again it goes on there.

        It is warmed up here, so that whoever speaks meanwhile need not wait for it, but not before the synthesis thread
        is at rest, so that it takes no processor from somebody who is speaking. Whatever goes wrong, it is out of order
        afterwards, and nothing is raised.
        """
        begun = self._clock()
        with self._lock:
            opened, self._opened, self._may_warm_up = self._opened, None, False
            if opened is None:
                self._at_work, self._wanted, self._retry_at, self._began = True, False, None, begun
        try:
            if opened is None:
                self._hold(self._open(), self._clock() - begun, in_turn)
            else:
                opened.engine.warm_up()
                self._take(opened, self._opening + self._clock() - begun, in_turn)
        except BeingPrepared:
            self._put_off()
        except DisplacedError:
            if opened is not None:
                opened.engine.close()
            self._put_off()
            self.renew()
        except Exception as error:  # noqa: BLE001, a file may be broken in any way, and the libraries raise what they like
            self._broken(reason(error))
            if opened is not None:
                opened.engine.close()
                opened.of_no_use(reason(error))

    def speak(self, utterance: Utterance, manner: Manner) -> Generator[AudioChunk]:
        with self._at_hand() as engine:
            try:
                yield from engine.speak(utterance, manner.over(self.manner))
            except DisplacedError:
                raise
            except Exception as error:
                self._failures += 1
                if self._failures >= SENTENCES_FAILED and engine is self._engine:
                    why = f"{self._failures} sentences failed one after the other, the last one: {reason(error)}"
                    self._broken(why)
                    self._put_away(None)
                raise EngineError(reason(error)) from error
        self._failures = self._retries = 0

    def pause_after(self, passage: Sequence[Utterance], position: int, manner: Manner) -> float:
        with self._at_hand() as engine:
            return engine.pause_after(passage, position, manner.over(self.manner))

    def remark(self, manner: Manner) -> str | None:
        return self._needed().remark(manner.over(self.manner))

    def warm_up(self) -> None:
        """Nothing: it is warmed up whenever it is loaded."""

    def close(self) -> None:
        self._put_away("it was closed")

    # ---------------------------------------------------------------------------------------------------------- parts

    def _needed(self) -> Engine:
        engine = self._engine
        if engine is None:
            raise AwayError(self._why or f"it is {self._state}")
        return engine

    @contextmanager
    def _at_hand(self) -> Iterator[Engine]:
        """Until then it is not closed, whatever becomes of the voice meanwhile. Raises EngineError.

        One that is displaced is put away at once, so that nobody asks it for another sentence, and opened anew.
        """
        with self._lock:
            engine = self._needed()
            self._speaking.append(engine)
        try:
            yield engine
        except DisplacedError:
            self._displace(engine)
            raise
        finally:
            with self._lock:
                self._speaking.remove(engine)
                last = engine in self._parting and engine not in self._speaking
                if last:
                    self._parting.remove(engine)
            if last:
                engine.close()

    def _displace(self, engine: Engine) -> None:
        with self._lock:
            if engine is not self._engine or self._gone:
                return
            self._engine, self._state, self._began = None, State.LOADING, self._clock()
            self._wanted = self._wanted or not self._at_work
        self._part(engine)
        self._changed()

    def _hold(self, opened: Opened, opening: float, in_turn: InTurn) -> None:
        """Until it is warmed up."""
        with self._lock:
            if not self._gone:
                self._opened, self._opening = opened, opening
        if self._opened is None:
            opened.engine.close()
        else:
            in_turn(self._let_warm_up)

    def _let_warm_up(self) -> None:
        with self._lock:
            self._may_warm_up = self._opened is not None

    def _take(self, opened: Opened, took: float, in_turn: InTurn) -> None:
        with self._lock:
            if self._gone:
                former: Engine | None = opened.engine
            else:
                former, self._engine = self._engine, opened.engine
                self._source = opened.files
                self._wanted = self._wanted or replaced(self._source)  # replaced while it was being loaded
                self._styles = tuple(opened.engine.styles)
                self._note, self._mapped, self._at_once = opened.note, opened.mapped, opened.at_once
                self._state, self._why = State.READY, None
                self.took, self._failures = took, 0
                self._lives += 1
            self._at_work = False
        if former is not None:
            in_turn(partial(self._part, former))
        log.info("voice %s was loaded in %.1f s", self.name, took)
        self._changed()

    def _put_off(self) -> None:
        """Until it is prepared; one that speaks already goes on as it was."""
        with self._lock:
            self._at_work = False
            if self._engine is None:
                self._state, self._why = State.PREPARING, None
        self._changed()

    def _broken(self, why: str) -> None:
        """Out of order until the next attempt; one whose newer files cannot be loaded goes on with the older ones."""
        with self._lock:
            pause = RETRY[min(self._retries, len(RETRY) - 1)]
            news = why != self._why
            self._retries += 1
            self._at_work, self._why, self._retry_at = False, why, self._clock() + pause
            silent = self._engine is None or self._failures >= SENTENCES_FAILED
            if silent:
                self._state = State.BROKEN
        if news and not self._gone:
            what = (
                "is out of order" if silent else "has new files that cannot be used, and goes on with the former ones"
            )
            self._trouble(f"voice {self.name} {what}: {why}. It is tried again by itself, first in {pause:g} s.")
        self._changed()

    def _put_away(self, why: str | None) -> None:
        with self._lock:
            engine, self._engine = self._engine, None
            self._why = why or self._why
        if engine is not None:
            self._part(engine)

    def _part(self, engine: Engine) -> None:
        """Close it, but not in the middle of a sentence, which may rest for something more urgent."""
        with self._lock:
            if engine in self._speaking:
                self._parting.append(engine)
                return
        engine.close()
