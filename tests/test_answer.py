from __future__ import annotations

import json

import pytest

from hayakoe_daemon.answer import Accepted, Answer, Done, Refused, read_answer


@pytest.mark.parametrize(
    ("answer", "document"),
    [
        (Accepted("a"), {"status": "accepted", "id": "a"}),
        (Accepted("a", duplicate=True), {"status": "accepted", "id": "a", "duplicate": True}),
        (Done(), {"status": "done"}),
        (Refused("queue_full", "500 wait"), {"status": "error", "code": "queue_full", "message": "500 wait"}),
        (
            Refused("bad_field", "no", "volume"),
            {"status": "error", "code": "bad_field", "message": "no", "field": "volume"},
        ),
    ],
)
def test_answers_and_their_documents(answer: Answer, document: dict[str, object]) -> None:
    assert answer.document() == document
    assert read_answer(json.loads(json.dumps(document))) == answer


@pytest.mark.parametrize("document", [{}, {"status": "accepted"}, {"status": "fine"}, {"status": "error", "code": 1}])
def test_what_is_no_answer(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not an answer"):
        read_answer(document)
