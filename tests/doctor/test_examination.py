from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hayakoe_daemon.doctor.examination import Check, document, examine
from hayakoe_daemon.doctor.finding import Finding, Verdict, failure, ok, warning, worst


def test_a_check_that_hangs_is_a_failure_and_what_it_said_before_counts() -> None:
    free = threading.Event()

    def hangs() -> Iterator[Finding]:
        yield ok("disk", "there is room")
        free.wait()

    began = time.monotonic()
    findings = list(examine([Check("disk", hangs, 0.2), Check("clock", lambda: [ok("clock", "right")])]))
    free.set()
    assert time.monotonic() - began < 5
    assert [(one.name, one.verdict) for one in findings] == [
        ("disk", Verdict.OK),
        ("disk", Verdict.FAILURE),
        ("clock", Verdict.OK),
    ]
    assert "hangs" in findings[1].means


def test_a_check_that_breaks_is_a_failure_with_its_reason() -> None:
    def breaks() -> Iterator[Finding]:
        yield ok("power", "fine so far")
        raise KeyError("hwmon")

    found = list(examine([Check("power", breaks), Check("clock", lambda: [ok("clock", "right")])]))
    assert [one.verdict for one in found] == [Verdict.OK, Verdict.FAILURE, Verdict.OK]
    assert "KeyError: 'hwmon'" in found[1].means


def test_what_one_may_not_see_is_a_warning_and_says_how() -> None:
    def closed() -> Iterator[Finding]:
        raise PermissionError(13, "Permission denied", "/var/lib/x")
        yield

    [found] = examine([Check("disk", closed)])
    assert (found.verdict, found.remedy) == (Verdict.WARNING, "sudo hayakoe-daemon doctor")
    assert "/var/lib/x" in found.means


def test_what_there_is_no_time_for_is_named() -> None:
    free = threading.Event()
    slow = Check("models", lambda: [ok("models", "whole")] if free.wait() else [])
    found = list(examine([slow, Check("clock", lambda: [ok("clock", "right")])], patience=0.1))
    free.set()
    assert [(one.name, one.verdict) for one in found] == [("models", Verdict.FAILURE), ("clock", Verdict.WARNING)]


def test_the_exit_status_is_that_of_the_worst() -> None:
    assert worst([]).status == 0
    assert worst([ok("a", "b")]).status == 0
    assert worst([ok("a", "b"), warning("a", "b", "c"), ok("a", "b")]).status == 1
    assert worst([failure("a", "b", "c"), warning("a", "b", "c")]).status == 2


def test_a_finding_says_something() -> None:
    for name, means in (("", "b"), ("a", "")):
        with pytest.raises(ValueError, match="says what it means"):
            Finding(name, Verdict.OK, means)
    with pytest.raises(ValueError, match="what to do"):
        Finding("a", Verdict.WARNING, "b")


def test_the_document_is_stable() -> None:
    at = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
    assert document([warning("zone", "UTC", "set it")], version="1.2", at=at, seconds=1.26) == {
        "format": 1,
        "version": "1.2",
        "at": "2026-11-21T07:00:00+00:00",
        "seconds": 1.3,
        "verdict": "warning",
        "findings": [{"name": "zone", "verdict": "warning", "means": "UTC", "remedy": "set it"}],
    }
