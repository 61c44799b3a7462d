"""Telling a voice what it will say next: on a graphics card several sentences are read by BERT as fast as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from hayakoe_daemon.text.utterance import Utterance


@runtime_checkable
class Expects(Protocol):
    """A voice that can make something of it. Any thread may tell it, and waits for nobody."""

    def expect(self, utterances: Sequence[Utterance]) -> None:
        """These will probably be spoken next, in this order; nothing is wrong where they are not."""
