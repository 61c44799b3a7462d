"""Words and their tones brought together: which phones belong to which character, punctuation back in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from hayakoe_daemon.text.accent import Sound
from hayakoe_daemon.text.symbols import PUNCTUATION


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
    heard = [sound.phone for sound in sounds]
    known: dict[int, Sound] = {}
    for block in SequenceMatcher(None, spoken, heard, autojunk=False).get_matching_blocks():
        known |= {block.a + offset: sounds[block.b + offset] for offset in range(block.size)}
    found: list[Sound] = []
    tone = sounds[-1].tone if sounds else 0
    for place in reversed(range(len(spoken))):
        tone = known[place].tone if place in known else tone
        found.append(known.get(place, Sound(spoken[place], tone)))
    return reversed(found)
