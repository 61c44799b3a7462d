from __future__ import annotations

from dataclasses import replace

import pytest

from hayakoe_daemon.text.accent import Sound
from hayakoe_daemon.text.align import aligned, shares
from hayakoe_daemon.text.phonemes import Phonemes

RAIN = Phonemes("雨.", ("_", "a", "m", "e", ".", "_"), (0, 1, 0, 0, 0, 0), (1, 3, 1, 1))


def test_ids_have_blanks_between_and_around() -> None:
    ids = RAIN.ids()
    assert ids.phones == (0, 0, 0, 8, 0, 60, 0, 26, 0, 107, 0, 0, 0)
    assert ids.tones == (0, 6, 0, 7, 0, 6, 0, 6, 0, 6, 0, 6, 0)
    assert ids.languages == (0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0)
    assert ids.word2ph == (3, 6, 2, 2)
    assert sum(ids.word2ph) == len(ids.phones)


@pytest.mark.parametrize(
    "change",
    [
        {"phones": ("a", "m", "e", ".", "_", "_")},
        {"phones": ("_", "a", "m", "E", ".", "_")},
        {"phones": ("_", "a", "_", "e", ".", "_")},
        {"phones": ("_",)},
        {"tones": (0, 1, 0, 0, 0)},
        {"tones": (0, 2, 0, 0, 0, 0)},
        {"tones": (0, 1, 0, 0, 1, 0)},
        {"tones": (1, 1, 0, 0, 0, 0)},
        {"word2ph": (1, 3, 1)},
        {"word2ph": (1, 2, 1, 1)},
        {"word2ph": (1, 5, -1, 1)},
        {"word2ph": (2, 2, 1, 1)},
        {"text": "雨"},
    ],
)
def test_parts_that_do_not_fit_together_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"phones|tone|count"):
        replace(RAIN, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("phones", "characters", "expected"),
    [(3, 1, (3,)), (11, 3, (4, 4, 3)), (2, 3, (1, 1, 0)), (0, 2, (0, 0)), (5, 5, (1, 1, 1, 1, 1))],
)
def test_the_first_characters_get_one_phone_more(phones: int, characters: int, expected: tuple[int, ...]) -> None:
    assert shares(phones, characters) == expected


def test_where_sounds_differ_the_next_that_is_the_same_counts() -> None:
    heard = [Sound("fy", 1), Sound("u", 1), Sound("u", 0)]
    tones = [sound.tone for sound in aligned(["f", "u", "y", "u", ",", "u"], heard)]
    assert tones == [1, 1, 0, 0, 0, 0]
    assert [sound.tone for sound in aligned(["a", "."], [])] == [0, 0]
    assert [sound.tone for sound in aligned(["g", "u", "e"], [Sound("g", 0), Sound("w", 0), Sound("e", 1)])] == [
        0,
        1,
        1,
    ]
