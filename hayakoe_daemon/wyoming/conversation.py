"""What one client asks, and the answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wyoming.audio import AudioChunk as PcmChunk
from wyoming.audio import AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeTextFormat,
    SynthesizeVoice,
)

from hayakoe_daemon.audio.backlog import Pcm
from hayakoe_daemon.audio.chunk import AudioChunk
from hayakoe_daemon.audio.one_rate import OneRate
from hayakoe_daemon.wyoming.incoming import IncomingText
from hayakoe_daemon.wyoming.line import BadEvent, Gone, Line
from hayakoe_daemon.wyoming.recital import Recital, Studio

log = logging.getLogger(__name__)

IDLE = 120.0
"""Seconds in which a client asks nothing, or sends nothing of a text that it has begun, after which it is left."""

LULL = 0.3
"""Seconds in which nothing comes after what looks like a sentence's end, after which it counts as one."""

PIECE = 4096
"""Samples of one audio-chunk at the most."""


class Declined(Exception):  # noqa: N818, said to the client
    """The request is not fulfilled; the message says why in plain English."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class House:
    """What all conversations need."""

    studio: Studio
    info: Callable[[], Event]


def decline(line: Line, code: str, message: str) -> None:
    """One error event, and the end: Home Assistant waits for the sound for ever where only an error comes."""
    line.leave(Error(text=message, code=code).event())


class Conversation:
    """`run` returns when it is over. Used by the one thread of its client."""

    def __init__(self, line: Line, house: House, max_text: int) -> None:
        self._line = line
        self._house = house
        self._max_text = max_text

    def run(self) -> None:
        try:
            while (event := self._line.read(IDLE)) is not None:
                self._answer(event)
            self._line.leave()
        except Gone as gone:
            log.debug("a Wyoming client is gone: %s", gone)
            self._line.leave()
        except BadEvent as bad:
            decline(self._line, "bad-event", str(bad))
        except Declined as declined:
            decline(self._line, declined.code, str(declined))
        except Exception:
            log.exception("a Wyoming client could not be answered")
            decline(self._line, "failed", "the text could not be spoken; the daemon's log says why")

    def _answer(self, event: Event) -> None:
        if Describe.is_type(event.type):
            self._line.write(self._house.info())
        elif Ping.is_type(event.type):
            text = event.data.get("text")
            self._line.write(Pong(text=text if isinstance(text, str) else None).event())
        elif Synthesize.is_type(event.type):
            self._speak(event)
        elif SynthesizeStart.is_type(event.type):
            self._speak_stream(event)
        elif SynthesizeChunk.is_type(event.type) or SynthesizeStop.is_type(event.type):
            raise BadEvent(f"{event.type} comes after synthesize-start")
        # whatever else there may be is passed over, as Wyoming wants it

    def _speak(self, event: Event) -> None:
        text = _text(event)
        self._check_length(len(text))
        output = _Output(self._line)
        recital = self._recital(event)
        output.send(recital.sound(text))
        self._finish(recital, output)

    def _speak_stream(self, start: Event) -> None:
        recital, output, text = self._recital(start), _Output(self._line), IncomingText()
        while True:
            event = self._line.read(LULL if text.may_have_ended else IDLE)
            if event is None:
                if not text.may_have_ended:
                    raise Declined("timeout", f"nothing came for {IDLE:.0f} s after synthesize-start")
                self._continue(recital, output, text, text.rest())
            elif SynthesizeChunk.is_type(event.type):
                text.add(_text(event))
                self._check_length(text.length)
                self._continue(recital, output, text, text.sentences())
            elif SynthesizeStop.is_type(event.type):
                break
            elif SynthesizeStart.is_type(event.type):
                raise BadEvent("synthesize-start comes once before synthesize-stop")
            elif not Synthesize.is_type(event.type):  # that repeats the whole text, for servers that do not stream
                self._answer(event)
        self._continue(recital, output, text, text.rest())
        self._finish(recital, output)
        self._line.write(SynthesizeStopped().event())

    def _recital(self, event: Event) -> Recital:
        voice, style = _voice(event)
        return Recital(self._house.studio, voice, style, self._line.look)

    def _continue(self, recital: Recital, output: _Output, text: IncomingText, part: str) -> None:
        if part:
            recital.pause(text.pause)
            output.send(recital.sound(part))

    def _finish(self, recital: Recital, output: _Output) -> None:
        if not output.begun:
            raise Declined("empty-text", "there is nothing to say in this text")
        output.send(recital.end())
        output.end()

    def _check_length(self, length: int) -> None:
        if length > self._max_text:
            raise Declined("text-too-long", f"the text has more than {self._max_text} characters")


class _Output:
    """One stream of sound to the client, at the rate that it began with."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._stream: OneRate | None = None

    @property
    def begun(self) -> bool:
        return self._stream is not None

    def send(self, chunks: Iterable[AudioChunk]) -> None:
        for chunk in chunks:
            if self._stream is None:
                self._stream = OneRate(chunk.sample_rate)
                self._line.write(AudioStart(rate=chunk.sample_rate, width=2, channels=1).event())
            self._write(self._stream.take(chunk), self._stream.rate)

    def end(self) -> None:
        if self._stream is not None:
            self._write(self._stream.end(), self._stream.rate)
            self._line.write(AudioStop().event())

    def _write(self, pcm: Pcm, rate: int) -> None:
        for start in range(0, len(pcm), PIECE):
            piece = pcm[start : start + PIECE].astype("<i2", copy=False).tobytes()
            self._line.write(PcmChunk(rate=rate, width=2, channels=1, audio=piece).event())


def _text(event: Event) -> str:
    text = event.data.get("text")
    if not isinstance(text, str):
        raise BadEvent(f"{event.type} needs a text")
    _check_format(event)
    return text


def _check_format(event: Event) -> None:
    written = event.data.get("text_format")
    if written not in (None, SynthesizeTextFormat.TEXT.value):
        raise Declined("unsupported-format", "only plain text can be spoken: text_format is text")


def _voice(event: Event) -> tuple[str | None, str | None]:
    """Voice and style, None where none is asked for; a language alone asks for neither."""
    _check_format(event)
    asked = event.data.get("voice")
    if asked is None:
        return None, None
    if not isinstance(asked, dict):
        raise BadEvent(f"the voice of {event.type} is an object with name and speaker")
    voice = SynthesizeVoice.from_dict(asked)
    name, style = (None, None) if voice is None else (voice.name, voice.speaker)
    if not all(one is None or isinstance(one, str) for one in (name, style)):
        raise BadEvent(f"the voice of {event.type} is an object with name and speaker, both of them texts")
    return name or None, style or None
