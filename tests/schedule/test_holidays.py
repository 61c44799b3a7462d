from __future__ import annotations

from datetime import date, timedelta

import pytest

from hayakoe_daemon.schedule.holidays import is_holiday

BY_LAW = {
    2026: """01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03
             11-23""",
    2027: """01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23""",
}
"""As the Cabinet Office lists them. 2026-05-06 and 2027-03-22 are 振替休日, 2026-09-22 lies between two: 国民の休日."""


@pytest.mark.parametrize("year", BY_LAW)
def test_the_holidays_of_a_year(year: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))

    assert [f"{day:%m-%d}" for day in days if is_holiday(day)] == BY_LAW[year].split()
