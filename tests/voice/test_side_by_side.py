"""A prepared voice, tiny and really computed, whose sentences are begun beside each other or made at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.level import loudness
from hayakoe_daemon.text import openjtalk
from hayakoe_daemon.text.sentences import split
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice import pieces
from hayakoe_daemon.voice.bert import Bert
from hayakoe_daemon.voice.chunking import pieces as cut
from hayakoe_daemon.voice.engine import Manner
from hayakoe_daemon.voice.neural import NeuralVoice
from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer
from hayakoe_daemon.voice.prepare.prepared import PreparedVoice
from hayakoe_daemon.voice.reciting import at_work, recited
from hayakoe_daemon.voice.render_queue import RenderQueue, Urgency
from tests.support import voices
from tests.support.split_voice import split_voice

TEXT = "今日は晴れです。明日は雨でしょう。傘を忘れずに、お持ちください。はい。お風呂が沸きました。"
SEEDED = Manner(seed=7)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedVoice:
    return split_voice(tmp_path_factory.mktemp("voices") / "two")


@pytest.fixture
def voice(prepared: PreparedVoice, bert: Bert, monkeypatch: pytest.MonkeyPatch) -> Iterator[NeuralVoice]:
    # Ranges follow from the measured pace, and other ranges round otherwise in the last bit.
    monkeypatch.setattr(pieces, "pieces", lambda frames, *, lanes, pace: cut(frames, lanes=lanes, pace=0.2))
    synthesizer = PiecewiseSynthesizer(prepared, threads=2)
    made = NeuralVoice(voices.voice_files(), bert, synthesizer, measure=loudness, target_loudness=-19.0)
    made.warm_up()
    yield made
    made.close()


def sentence(voice: NeuralVoice, passage: Sequence[Utterance], position: int) -> Iterator[AudioChunk]:
    yield from voice.speak(passage[position], SEEDED)
    if position + 1 < len(passage):
        yield AudioChunk.silence(voice.pause_after(passage, position, SEEDED), 44_100)


def said(voice: NeuralVoice, at_once: int) -> list[AudioChunk]:
    passage, renders = split(TEXT), RenderQueue()
    with at_work(renders):
        makes = [partial(sentence, voice, passage, position) for position in range(len(passage))]
        return list(recited(renders, makes, at_once=at_once))


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_it_sounds_the_same_whichever_way(voice: NeuralVoice, at_once: int) -> None:
    passage = split(TEXT)
    alone = [one.samples for position in range(len(passage)) for one in sentence(voice, passage, position)]
    found = [one.samples for one in said(voice, at_once)]
    assert np.array_equal(np.concatenate(found), np.concatenate(alone))


def test_openjtalk_reads_for_one_thread_at_a_time(voice: NeuralVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, threads, lock = 0, 0, set[str](), threading.Lock()

    def guarded(real: Any, *given: Any, **named: Any) -> Any:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            threads.add(threading.current_thread().name)
        time.sleep(0.005)
        try:
            return real(*given, **named)
        finally:
            with lock:
                inside -= 1

    library = vars(openjtalk)["pyopenjtalk"]
    for name in ("run_frontend", "make_label"):
        monkeypatch.setattr(library, name, partial(guarded, getattr(library, name)))
    said(voice, 4)
    assert len(threads) > 1
    assert most == 1


def test_something_urgent_among_many_at_once_is_heard_soon(voice: NeuralVoice) -> None:
    passage, renders = split(TEXT * 20), RenderQueue()
    with at_work(renders):
        jobs = [
            renders.submit(Urgency.IDLE, partial(sentence, voice, passage, position), at_once=4)
            for position in range(len(passage))
        ]
        assert jobs[0].next_chunk(10.0) is not None
        urgent = renders.submit(Urgency.URGENT, partial(voice.speak, Utterance(0, "地震です。"), SEEDED))
        assert urgent.next_chunk(5.0) is not None
        rested = [job for job in jobs if not job.over]
        assert rested, "it was not heard after all the others"
        for job in jobs:
            job.cancel()


def test_each_thread_is_told_what_is_left_of_its_own_sentence(voice: NeuralVoice) -> None:
    passage, renders = split(TEXT * 2), RenderQueue()
    with at_work(renders):
        jobs = [
            renders.submit(Urgency.LIVE, partial(voice.speak, utterance, SEEDED), at_once=4) for utterance in passage
        ]
        for job in jobs:
            chunks = list(iter(lambda job=job: job.next_chunk(10.0), None))  # type: ignore[misc]
            whole = sum(one.seconds for one in chunks)
            heard = 0.0
            for one in chunks:
                heard += one.seconds
                assert heard + sum(piece.seconds for piece in one.outlook.coming) == pytest.approx(whole)
