"""A text that arrives in pieces, given out as soon as whole sentences of it are here."""

from __future__ import annotations

import re
import string

from hayakoe_daemon.text.sentences import LINE_PAUSE, SENTENCE_PAUSE

_ENDS = "。｡！？‼⁇⁈⁉"
_CLOSERS = "」』）)]】〉》〕｝}”’\"'"
_LONGEST_RUN = 50
"""Signs in a row at a sentence's end: a bound, so that looking for them is quick whatever comes."""

_CLOSERS_IN_CLASS = re.escape(_CLOSERS)
_BOUNDARY = re.compile(
    rf"(?:\n|[{_ENDS}][{_ENDS}!?]{{0,{_LONGEST_RUN}}}|[!?]+(?=\s))[{_CLOSERS_IN_CLASS}\s]{{0,{_LONGEST_RUN}}}"
    rf"(?!と|って|っ\Z)(?=[^{_ENDS}{_CLOSERS_IN_CLASS}!?．\s])"
)
"""Narrower than where `text.sentences` ends a sentence: what is cut here is a boundary there, and the next sentence has
begun. ASCII's ! and ? may stand in an address."""

_OPEN = re.compile(r"\[[^\]]{0,20}\Z|《[^》]{0,100}\Z")
"""A pause or a reading that is not whole yet."""


class IncomingText:
    """What has been given out is never changed by what comes later: a sentence counts as whole once the next one has
    begun, or when the caller finds that nothing has come for a while."""

    def __init__(self) -> None:
        self._waiting = ""
        self._unseen = 0
        self._pause_after = 0.0
        self.pause = 0.0
        """Seconds of silence before what was given out last."""
        self.length = 0
        """Characters that came."""

    def add(self, text: str) -> None:
        self.length += len(text)
        self._waiting += text

    def sentences(self) -> str:
        """All whole sentences that wait, in one; empty where there is none."""
        begin = max(0, self._unseen - 2 * _LONGEST_RUN - 2)
        self._unseen = len(self._waiting)
        end = max((found.end() for found in _BOUNDARY.finditer(self._waiting, begin)), default=0)
        return "" if _OPEN.search(self._waiting[:end]) else self._give(end)

    @property
    def may_have_ended(self) -> bool:
        """What waits ends as a sentence does."""
        return _ends(self._waiting)

    def rest(self) -> str:
        """All that waits."""
        return self._give(len(self._waiting))

    def _give(self, end: int) -> str:
        given, self._waiting = self._waiting[:end], self._waiting[end:]
        self._unseen = len(self._waiting)
        if given:
            self.pause = self._pause_after
            after = 0.0 if not _ends(given) else LINE_PAUSE if "\n" in _tail(given) else SENTENCE_PAUSE
            self._pause_after = after if given.strip() else max(after, self.pause)
        return given


def _ends(text: str) -> bool:
    return "\n" in _tail(text) or text.rstrip(_CLOSERS + string.whitespace)[-1:] in (*_ENDS, "!", "?")


def _tail(text: str) -> str:
    return text[len(text.rstrip(_CLOSERS + string.whitespace)) :]
