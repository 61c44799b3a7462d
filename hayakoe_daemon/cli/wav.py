"""`hayakoe-daemon say --wav FILE`: the whole way from text to sound in one process."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
import soundfile
import soxr

from hayakoe_daemon import dials
from hayakoe_daemon.announcement import Announcement
from hayakoe_daemon.audio.chunk import AudioChunk, Samples
from hayakoe_daemon.audio.level import amplify
from hayakoe_daemon.cli.failure import Failure
from hayakoe_daemon.cli.settle import config_or_defaults
from hayakoe_daemon.config.model import Config
from hayakoe_daemon.config.places import dictionary_file
from hayakoe_daemon.derived import voice_plan
from hayakoe_daemon.fields.payload_error import PayloadError
from hayakoe_daemon.lead import Lead
from hayakoe_daemon.mqtt.payload import parse_say
from hayakoe_daemon.reader import Reader
from hayakoe_daemon.text.utterance import Utterance
from hayakoe_daemon.voice.ladder import Cast
from hayakoe_daemon.voice.reciting import at_work, recited
from hayakoe_daemon.voice.render_queue import RenderQueue
from hayakoe_daemon.voices import Voices
from hayakoe_daemon.words import WordBook

RATE = 48_000
"""Hz of the file."""


def say_to_file(message: dict[str, Any], given: argparse.Namespace) -> int:
    """0 when the file holds all of it."""
    config = config_or_defaults(given)
    if not given.wav.parent.is_dir():
        raise Failure(f"cannot write {given.wav}: there is no folder {given.wav.parent}")
    try:
        announcement = parse_say(
            json.dumps(message, ensure_ascii=False).encode(errors="surrogatepass"),
            now=time.time(),
            source="say",
            new_id=lambda: "say",
            expires_in=60.0,
        )
    except PayloadError as error:
        raise Failure(error.message) from None
    samples = at_one_rate(_sound(announcement, config))
    try:
        soundfile.write(given.wav, samples, RATE, subtype="PCM_16", format="WAV")
    except (OSError, soundfile.LibsndfileError) as error:
        raise Failure(f"cannot write {given.wav}: {error}") from None
    print(f"{given.wav}: {len(samples) / RATE:.2f} s")
    return 0


def _sound(announcement: Announcement, config: Config) -> list[AudioChunk]:
    settings = dials.settings(config, {})
    lead = Lead(config.audio.sounds_dir)
    refusal = lead.refusal(announcement)
    if refusal is not None:
        raise Failure(refusal.message)
    chunks, _ = lead.sounds(announcement, settings.chime_of(announcement))
    reader = Reader(config.reading.rules, emoji_names=config.reading.emoji_names)
    WordBook(dictionary_file(config, os.environ), reader.teach, _warn).load()
    utterances = reader.split(announcement.text)
    if utterances:
        cast = _cast(announcement, config, utterances[0])
        cast.expect(utterances)
        notes: dict[int, Sequence[str]] = {-1: cast.notes}
        renders = RenderQueue()
        sentences = [partial(_sentence, cast, utterances, position, notes) for position in range(len(utterances))]
        with at_work(renders):
            chunks.extend(recited(renders, sentences, at_once=cast.at_once))
        for note in dict.fromkeys(note for position in sorted(notes) for note in notes[position]):
            _warn(note)
    return [amplify(chunk, settings.gain(announcement)) for chunk in chunks]


def _sentence(
    cast: Cast, passage: Sequence[Utterance], position: int, notes: dict[int, Sequence[str]]
) -> Iterator[AudioChunk]:
    """Its sound, and the silence after it; what there is to say of it goes into `notes`."""
    rendering = cast.say(passage[position])
    yield from rendering
    notes[position] = tuple(rendering.notes)
    if pause := rendering.pause_after(passage, position):
        yield AudioChunk.silence(pause, RATE)


def _cast(announcement: Announcement, config: Config, first: Utterance) -> Cast:
    voices = Voices(voice_plan(config, os.environ), RenderQueue(), changed=lambda: None, trouble=_warn, alone=True)
    voices.take(voice_plan(config, os.environ))
    voices.ladder.warm_up()
    wish = replace(dials.settings(config, {}).wish(announcement), patience=math.inf)
    voices.load_here(wish.voice or wish.default)
    cast = voices.ladder.cast(wish, first, waited=math.inf)
    assert cast is not None, "nothing is waited for any more"  # noqa: S101, tells the type checker
    return cast


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


def at_one_rate(chunks: Iterable[AudioChunk]) -> Samples:
    """All of them in a row at RATE.

    What follows each other at the same rate is resampled as a whole: at the ends of each piece a resampler would hear
    silence, and where a voice cuts its pieces depends on how busy the machine is.
    """
    whole = [np.zeros(0, np.float32)]
    for rate, row in groupby(chunks, key=lambda chunk: chunk.sample_rate):
        samples = np.concatenate([chunk.samples for chunk in row])
        whole.append(samples if rate == RATE else soxr.resample(samples, rate, RATE).astype(np.float32))
    return np.concatenate(whole)
