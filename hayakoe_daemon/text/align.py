"""Words and their tones brought together: which phones belong to which character, punctuation back in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hayakoe_daemon.text.accent import Sound
from hayakoe_daemon.text.symbols import PUNCTUATION

_LOOK_AHEAD = 7
"""Phones left out to come back into step; further on the next word has begun."""


def shares(phones: int, characters: int) -> tuple[int, ...]:
    """So many phones given to so many characters, as evenly as may be, the first ones getting one more."""
    least, more = divmod(phones, characters)
    return (least + 1,) * more + (least,) * (characters - more)


def aligned(phones: Sequence[str], sounds: Sequence[Sound]) -> Iterator[Sound]:
    """The sound of each phone; punctuation, which OpenJTalk's sounds lack, has tone 0."""
    spoken = [phone for phone in phones if phone not in PUNCTUATION]
    same = spoken == [sound.phone for sound in sounds]
    found = iter(sounds if same else _nearest(spoken, sounds))
    return (Sound(phone, 0) if phone in PUNCTUATION else next(found) for phone in phones)


def _nearest(spoken: Sequence[str], sounds: Sequence[Sound]) -> Iterator[Sound]:
    """Where OpenJTalk's sounds are others than its kana say (rare moras): the tone of the next that is the same."""
    known: dict[int, Sound] = {}
    ours = theirs = 0
    while ours < len(spoken):
        skip_ours, skip_theirs = _to_the_same(spoken, sounds, ours, theirs)
        ours, theirs = ours + skip_ours, theirs + skip_theirs
        if ours < len(spoken) and theirs < len(sounds) and spoken[ours] == sounds[theirs].phone:
            known[ours] = sounds[theirs]
        ours, theirs = ours + 1, theirs + 1
    found: list[Sound] = []
    tone = sounds[-1].tone if sounds else 0
    for place in reversed(range(len(spoken))):
        tone = known[place].tone if place in known else tone
        found.append(known.get(place, Sound(spoken[place], tone)))
    return reversed(found)


def _to_the_same(spoken: Sequence[str], sounds: Sequence[Sound], ours: int, theirs: int) -> tuple[int, int]:
    """How many phones to leave out on either side, as few as possible, until both say the same; none where none do."""
    for skipped in range(_LOOK_AHEAD):
        for ours_skipped in range(skipped + 1):
            theirs_skipped = skipped - ours_skipped
            if ours + ours_skipped >= len(spoken) or theirs + theirs_skipped >= len(sounds):
                continue
            if spoken[ours + ours_skipped] == sounds[theirs + theirs_skipped].phone:
                return ours_skipped, theirs_skipped
    return 0, 0
