from __future__ import annotations

import itertools

import pytest

from hayakoe_daemon.text.openjtalk import labels
from hayakoe_daemon.voice.hts_groups import groups


def said(text: str, speed: float = 1.0) -> list[str]:
    return [" ".join(label.phone for label in group.labels) for group in groups(labels(text), speed)]


def test_a_group_ends_with_its_pause() -> None:
    assert said("今日は、雨です。") == ["sil ky o o w a pau", "a m e d e s U sil"]


def test_a_very_short_group_goes_with_the_next_one() -> None:
    assert said("え、雨です。") == ["sil e pau a m e d e s U sil"]
    assert said("雨です、え。") == ["sil a m e d e s U pau e sil"]


def test_nothing_is_one_group_less() -> None:
    assert said("") == []


LONG = "東京特許許可局長が今日急遽休暇許可却下の件につきまして関係各位にご連絡申し上げます"


def test_a_long_group_is_divided_before_a_stop_that_begins_a_phrase() -> None:
    found = list(groups(labels(LONG), 1.0))
    assert len(found) > 1
    for group, following in itertools.pairwise(found):
        assert group.stop == following.labels[0]
        assert group.stop is not None
        assert group.stop.phone in ("k", "ky", "t", "ts", "ty", "ch", "p", "py")
    assert len(found[0].labels) < 40


def test_at_another_speed_only_pauses_divide() -> None:
    assert len(said(LONG, 1.2)) == 1


@pytest.mark.parametrize("text", [LONG, "え、あ、う、い、お。", "w" * 120, "あ" * 120, "今日は、" * 30, "っ"])
@pytest.mark.parametrize("speed", [1.0, 1.3])
def test_no_label_is_lost_and_no_group_endless(text: str, speed: float) -> None:
    whole = labels(text)
    found = list(groups(whole, speed))
    assert [label for group in found for label in group.labels] == list(whole)
    assert all(0 < len(group.labels) <= 120 for group in found)
