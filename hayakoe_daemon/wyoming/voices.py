"""What the server tells of its voices."""

from __future__ import annotations

from wyoming.event import Event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

from hayakoe_daemon import __version__
from hayakoe_daemon.voice.ladder import Ladder

PROGRAM = "hayakoe"
"""Home Assistant names its entity after it: tts.hayakoe."""

_OURS = Attribution(name="hayakoe-daemon", url="https://pypi.org/project/hayakoe-daemon/")
_EMBEDDED = Attribution(name="MMDAgent project, Nagoya Institute of Technology", url="https://www.mmdagent.jp/")


def info(ladder: Ladder, default: str) -> Event:
    """The voices that there are now, the default one first, with their styles as speakers. One that has not been loaded
    yet has no styles to tell."""
    styles = {voice.name: voice.styles for voice in ladder.voices}
    names = sorted(ladder.names, key=lambda name: name != default)
    voices = [
        TtsVoice(
            name=name,
            description=name,
            attribution=_OURS if name in styles else _EMBEDDED,
            installed=True,
            version=None,
            languages=["ja"],
            speakers=[TtsVoiceSpeaker(style) for style in styles.get(name, ())] or None,
        )
        for name in names
    ]
    program = TtsProgram(
        name=PROGRAM,
        description="Japanese speech",
        attribution=_OURS,
        installed=True,
        version=__version__,
        voices=voices,
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program]).event()
