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


def tones(phones: Sequence[str], sounds: Sequence[Sound]) -> tuple[int, ...]:
    """The tone of each phone; punctuation, which OpenJTalk's sounds lack, has 0."""
    spoken = [phone for phone in phones if phone not in PUNCTUATION]
    heard = [sound.phone for sound in sounds]
    found = iter([sound.tone for sound in sounds] if spoken == heard else _nearest(spoken, sounds))
    return tuple(0 if phone in PUNCTUATION else next(found) for phone in phones)


def _nearest(spoken: Sequence[str], sounds: Sequence[Sound]) -> Iterator[int]:
    """Where OpenJTalk's sounds are others than its kana say (rare moras): the tone of the next that is the same."""
    heard = [sound.phone for sound in sounds]
    known: dict[int, int] = {}
    for block in SequenceMatcher(None, spoken, heard, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            known[block.a + offset] = sounds[block.b + offset].tone
    found: list[int] = []
    following = sounds[-1].tone if sounds else 0
    for place in reversed(range(len(spoken))):
        following = known.get(place, following)
        found.append(following)
    return reversed(found)
