"""What went wrong with a voice, in words for people."""

from __future__ import annotations

from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.store.files import VoiceError


def reason(error: Exception) -> str:
    """Of whatever a voice or its libraries raised."""
    if isinstance(error, EngineError | VoiceError):
        return str(error)
    if isinstance(error, MemoryError) or "bad_alloc" in str(error):
        return "there is not enough memory"
    return f"{type(error).__name__}: {error}"
