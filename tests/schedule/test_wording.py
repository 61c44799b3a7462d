from __future__ import annotations

import pytest

from hayakoe_daemon.announcement import MAX_TEXT
from hayakoe_daemon.schedule.wording import MOST_MISSED, lateness, lateness_note, summary
from tests.schedule.ringing_house import TOKYO, at


@pytest.mark.parametrize(
    ("seconds", "said", "note"),
    [
        (-5.0, "", None),
        (9.9, "", None),
        (42.0, "42秒遅れです。", "42 s late"),
        (60.0, "1分遅れです。", "1 min late"),
        (185.0, "3分遅れです。", "3 min late"),
        (3600.0, "1時間遅れです。", "60 min late"),
        (3900.0, "1時間5分遅れです。", "65 min late"),
    ],
)
def test_how_late(seconds: float, said: str, note: str | None) -> None:
    assert (lateness(seconds), lateness_note(seconds)) == (said, note)


def test_a_summary_names_days_and_times() -> None:
    missed = [
        (at("2026-09-10 07:30"), "古紙の日です。"),
        (at("2026-09-17 21:00"), "お風呂"),
        (at("2026-09-18 06:45"), "起きて！"),
    ]
    assert summary(missed, TOKYO, at("2026-09-18 12:00")) == (
        "鳴らせなかったアラームがあります。9月10日の7時30分、古紙の日です。昨日の21時、お風呂。6時45分、起きて！"
    )


def test_a_summary_has_an_end() -> None:
    missed = [(at("2026-09-18 06:45"), "長い" * 3000)] * (MOST_MISSED + 7)
    told = summary(missed, TOKYO, at("2026-09-18 12:00"))
    assert len(told) == MAX_TEXT
    assert summary([(0.0, "x")] * (MOST_MISSED + 7), TOKYO, 0.0).endswith("ほか7件です。")
