"""Speaks with the daemon's own parts. See process.py for what goes over the pipes."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.bench import device_voice
from hayakoe_daemon.bench.configuration import EMBEDDED, BenchError, Configuration
from hayakoe_daemon.bench.stopwatch import Stopwatch
from hayakoe_daemon.bench.subject import PLAIN, open_voice, prepare
from hayakoe_daemon.reader import Reader
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.engine import Engine, EngineError, Manner
from hayakoe_daemon.voice.expecting import Expects
from hayakoe_daemon.voice.reciting import at_work, recited
from hayakoe_daemon.voice.render_queue import RenderQueue


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed is no answer

    def answer(document: dict[str, Any]) -> None:
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    with open(0, encoding="utf-8", closefd=False) as requests:
        configuration = Configuration.read(requests.readline())
        stopwatch = Stopwatch()
        try:
            renders = RenderQueue()
            speaker = Speaker(*_opened(configuration, stopwatch), _manners(configuration), stopwatch, renders)
            with at_work(renders):
                answer({"ready": True})
                for line in requests:
                    answer(speaker.say(**json.loads(line)))
        except (BenchError, EngineError) as error:
            answer({"error": str(error)})
        except Exception as error:  # noqa: BLE001, whatever it was, whoever measures is told
            answer({"error": f"{type(error).__name__}: {error}"})


def _opened(configuration: Configuration, stopwatch: Stopwatch) -> tuple[Engine, Callable[[], None]]:
    """The voice, and what to call when it has spoken. Raises BenchError and EngineError."""
    tuning = configuration.tuning
    if configuration.first:
        prepare(configuration) if tuning is None else device_voice.prepare(configuration, tuning)
    if configuration.voice != EMBEDDED:
        stopwatch.attach()
    if tuning is not None:
        return device_voice.open_voice(configuration, tuning)
    return open_voice(configuration), lambda: None


def _manners(configuration: Configuration) -> Iterator[Manner]:
    """On a card another seed each time: else the lengths of pauses would be known from the time before."""
    manner = PLAIN if configuration.plain else Manner()
    if configuration.tuning is None:
        return itertools.repeat(manner)
    return (replace(manner, seed=seed) for seed in itertools.count(1))


class Speaker:
    """Says texts as the daemon does, unplayed, each in the next of the manners; `rest` is called after it."""

    def __init__(
        self,
        voice: Engine,
        rest: Callable[[], None],
        manners: Iterator[Manner],
        stopwatch: Stopwatch,
        renders: RenderQueue,
    ) -> None:
        self._voice = voice
        self._rest = rest
        self._manners = manners
        self._stopwatch = stopwatch
        self._reader = Reader({}, emoji_names=False)
        self._renders = renders

    def say(self, text: str, sound: str | None = None, at_once: int = 1) -> dict[str, Any]:
        """The figures of a Run: from the text as it was written to the last sample, pauses and loudness included."""
        self._stopwatch.reset()
        begun, cpu = time.perf_counter(), time.process_time()
        first: float | None = None
        audio = 0.0
        heard: list[AudioChunk] = []
        for chunk in self._chunks(text, at_once):
            if first is None:
                first = time.perf_counter() - begun
            audio += chunk.seconds
            if sound is not None:
                heard.append(chunk)
        total, cpu = time.perf_counter() - begun, time.process_time() - cpu
        self._rest()
        if sound is not None:
            np.save(Path(sound), np.concatenate([chunk.samples for chunk in heard]))
        return {"first_sound": first, "total": total, "audio": audio, "cpu": cpu, "parts": self._stopwatch.parts()}

    def _chunks(self, text: str, at_once: int) -> Iterator[AudioChunk]:
        passage = self._reader.split(text)
        manner = next(self._manners)
        if isinstance(self._voice, Expects):
            self._voice.expect(passage)
        sentences = [partial(self._sentence, passage, position, manner) for position in range(len(passage))]
        return recited(self._renders, sentences, at_once=at_once)

    def _sentence(self, passage: Sequence[Utterance], position: int, manner: Manner) -> Iterator[AudioChunk]:
        """The speech, and the pause after it."""
        rate = 0
        for chunk in self._voice.speak(passage[position], manner):
            rate = chunk.sample_rate
            yield chunk
        if rate and position + 1 < len(passage):
            yield AudioChunk.silence(self._voice.pause_after(passage, position, manner), rate)


if __name__ == "__main__":
    main()
