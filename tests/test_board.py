from __future__ import annotations

from typing import Any

import pytest

from hayakoe_daemon.board import Board, status_text


def voices(**states: str) -> list[dict[str, str]]:
    return [{"name": name, "state": state.replace("_", " ")} for name, state in states.items()]


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "ready"),
        ({"queue": 3}, "ready, 3 waiting"),
        ({"voices": voices(a="ready", b="not_loaded")}, "ready"),
        ({"voices": voices(a="loading", b="loading", c="ready")}, "ready; loading: a, b"),
        ({"voices": voices(a="out_of_order", b="loading")}, "ready; loading: b; out of order: a"),
        ({"voices": [{"name": "a", "state": "preparing", "progress": 42}]}, "ready; preparing a (42 %)"),
        ({"state": "speaking", "text": "洗濯です", "voices": []}, "speaking: 洗濯です"),
    ],
)
def test_one_line_for_systemctl(facts: dict[str, Any], text: str) -> None:
    assert status_text({**Board(lambda: None).document, **facts}) == text


def test_voices_are_news_only_when_they_change() -> None:
    rings: list[None] = []
    board = Board(lambda: rings.append(None))
    board.voices(voices(a="loading"), [])
    board.voices(voices(a="loading"), [])
    assert len(rings) == 1
    document = board.news()
    assert document is not None
    assert document["voices"] == [{"name": "a", "state": "loading"}]
    board.voices(voices(a="ready"), ["Neutral"])
    assert board.document["styles"] == ["Neutral"]
    assert len(rings) == 2
