"""What the reckoning takes from the diary, and what people are told of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.soak.report import judge_naps, lines
from tests.soak.scene import Diary, Nap
from tests.soak.test_accounts import due, rang
from tests.soak.witness import Sent

SET = Sent(0, "alarm/tea/set", 0.0, None, [{"status": "done"}])


@pytest.mark.parametrize(
    ("sent", "hours", "wrong"),
    [
        (SET, [8], 0),
        (SET, [], 1),
        (SET, [8, 8], 1),
        (SET, [8, 9], 1),
        (Sent(0, "alarm/tea/set", 0.0, None), [], 0),
    ],
)
def test_an_alarm_for_once_rings_once(sent: Sent, hours: list[int], wrong: int) -> None:
    diary = Diary(naps={"tea": Nap(due(8), 0)})
    assert len(judge_naps(diary, [sent], [rang(hour) for hour in hours]).wrong) == wrong


def test_what_nobody_can_account_for_is_said() -> None:
    empty = ("days", "real_seconds", "messages", "lives", "late_s", "rss_mib", "own_mib", "own_slope_mib_a_day")
    document: dict[str, Any] = dict.fromkeys(
        (*empty, "descriptors", "threads", "disk_bytes", "disk_slope_kib_a_day"), 0
    )
    document |= {name: {} for name in ("alarms", "deeds_and_faults", "errors")}
    document |= {"wrong": [], "lives_measured": [], "announcements": {"finished": 3}}
    assert list(lines(document))[-1] == "all is accounted for"
    document["announcements"] = {"unanswered and without an id: the daemon was killed": 2, "unanswered: a broker": 4}
    assert "but what became of 2 messages without an id" in list(lines(document))[-1]
