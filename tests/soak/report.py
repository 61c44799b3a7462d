"""What comes of a life: everything judged, in one document and in a few lines for people."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tests.soak.accounts import NAMELESS, AlarmExpectation, Verdict, judge_alarms, judge_announcements, judge_lateness
from tests.soak.gauges import DAY, Sample, Trend, sizes, slope, trends
from tests.soak.household import dues
from tests.soak.scene import Diary, Scene
from tests.soak.witness import Sent, Told, recorded

SLOPE = 1.0
"""MiB a day that one long life may grow, when it has settled: a year of that would be noticed."""

SETTLED = 6 * 3600.0
"""Seconds of a life after which it is compared with others."""

LONG_LIFE = 2.0
"""Days from which on a slope says anything."""

MORE = 3
"""Descriptors or threads that the end of a life may have more than its beginning: one fetch, one client."""

LARGEST_FILE = 8 << 20
"""Bytes that any file of the household may have; the journal's log is the largest by far."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wrong` is empty where all is well."""

    wrong: list[str]
    document: dict[str, Any]


def judge(scene: Scene, *, seconds: float) -> Outcome:
    """After the last day, while the house still stands."""
    diary, witness, house = scene.diary, scene.witness, scene.house
    said = judge_announcements(
        witness.sent, witness.events, recorded(house.record), diary.excused, broker_deaths=diary.broker_deaths
    )
    rung = judge_alarms(list(_expected(scene)), witness.events)
    naps = judge_naps(diary, witness.sent, witness.events)
    too_late, lateness = judge_lateness(witness.events, diary.gone)
    lives = trends(diary.samples)
    files = sizes(house.state)
    wrong = [*diary.wrong, *said.wrong, *rung.wrong, *naps.wrong, *too_late, *_leaks(lives), *_growth(files)]
    return Outcome(
        wrong,
        {
            "days": round((diary.samples[-1].at - diary.samples[0].at) / DAY, 2) if diary.samples else 0.0,
            "real_seconds": round(seconds),
            "lives": house.lives,
            "messages": len(witness.sent),
            "events": len(witness.events),
            "announcements": dict(said.counts),
            "alarms": dict(rung.counts + Counter({f"set for once: {what}": n for what, n in naps.counts.items()})),
            "late_s": _range(lateness),
            "deeds_and_faults": dict(diary.counts),
            "faults": diary.faults,
            "samples": [dataclasses.asdict(one) for one in diary.samples],
            "errors": dict(Counter(one["code"] for one in witness.errors)),
            "rss_mib": _range([one.rss for one in diary.samples]),
            "own_mib": _range([one.own for one in diary.samples]),
            "own_slope_mib_a_day": round(_slope(diary.samples), 3),
            "lives_measured": [dataclasses.asdict(one) for one in lives],
            "descriptors": _range([one.descriptors for one in diary.samples]),
            "threads": _range([one.threads for one in diary.samples]),
            "disk_bytes": _range([one.disk for one in diary.samples]),
            "disk_slope_kib_a_day": round(_disk_slope(diary.samples), 1),
            "files": files,
            "wrong": wrong,
        },
    )


def _expected(scene: Scene) -> Iterator[AlarmExpectation]:
    stretches = scene.course.stretches
    begin, end = stretches[0].begin, max(one.end for one in stretches)
    for name in scene.household.alarms:
        yield AlarmExpectation(name, list(dues(name, begin, end)), partial(_unsure, scene.diary))


def judge_naps(diary: Diary, sent: Sequence[Sent], told: Sequence[Told]) -> Verdict:
    """Alarms that were set for once, where the daemon said that they are."""
    naps = [
        AlarmExpectation(name, [nap.due], partial(_unsure, diary))
        for name, nap in diary.naps.items()
        if any(answer.get("status") == "done" for answer in sent[nap.number].answers)
    ]
    return judge_alarms(naps, told)


def _unsure(diary: Diary, due: float) -> str | None:
    return "its journal was destroyed" if any(first <= due <= last for first, last in diary.unsure) else None


def _leaks(lives: list[Trend]) -> Iterator[str]:
    for one in lives:
        if one.days >= LONG_LIFE and one.slope > SLOPE:
            yield f"life {one.life} grew by {one.slope:.2f} MiB a day over {one.days:.1f} days"
        for what, (first, last) in (("descriptors", one.descriptors), ("threads", one.threads)):
            if last > first + MORE:
                yield f"life {one.life} had {first} {what} at its beginning and {last} at its end"


def _growth(files: dict[str, int]) -> Iterator[str]:
    for name, size in files.items():
        if size > LARGEST_FILE:
            yield f"{name} has grown to {size} bytes"


def _slope(samples: list[Sample]) -> float:
    settled = [one for one in samples if one.age >= SETTLED]
    return slope([one.at / DAY for one in settled], [one.own for one in settled])


def _disk_slope(samples: list[Sample]) -> float:
    """Of the second half, when all has been there once."""
    later = samples[len(samples) // 2 :]
    return slope([one.at / DAY for one in later], [one.disk / 1024 for one in later])


def _range(values: list[float] | list[int]) -> list[float]:
    """The least, the median and the most of them."""
    return [round(float(np.quantile(values, part)), 2) for part in (0.0, 0.5, 1.0)] if values else []


def lines(document: dict[str, Any]) -> Iterator[str]:
    """For people."""
    yield (
        f"{document['days']} days in {document['real_seconds']} s: {document['messages']} messages,"
        f" {document['lives']} lives of the daemon"
    )
    for name in ("announcements", "alarms", "deeds_and_faults", "errors"):
        yield f"{name}: " + ", ".join(f"{what} {count}" for what, count in sorted(document[name].items()))
    yield "least, median, most:"
    yield f"alarms late {document['late_s']} s"
    yield (
        f"memory {document['rss_mib']} MiB, its own {document['own_mib']}, with a slope over all lives of"
        f" {document['own_slope_mib_a_day']} MiB a day"
    )
    for one in document["lives_measured"]:
        if one["days"] >= 1.0:
            yield (
                f"  life {one['life']}, {one['days']:.1f} days: {one['first']:.1f} to {one['last']:.1f} MiB of its own,"
                f" slope {one['slope']:.3f} MiB a day, descriptors {one['descriptors']}, threads {one['threads']}"
            )
    if not any(one["days"] >= LONG_LIFE for one in document["lives_measured"]):
        yield f"  no life was long enough ({LONG_LIFE:g} days when it had settled) to tell whether it grows: see --calm"
    yield f"descriptors {document['descriptors']}, threads {document['threads']}"
    yield f"state folder {document['disk_bytes']} bytes, slope {document['disk_slope_kib_a_day']} KiB a day"
    for wrong in document["wrong"]:
        yield f"WRONG: {wrong}"
    if document["wrong"]:
        return
    unknown = sum(
        count for what, count in document["announcements"].items() if what.startswith(f"unanswered{NAMELESS}")
    )
    but = f", but what became of {unknown} messages without an id: a kill took their answers along" if unknown else ""
    yield f"all is accounted for{but}"
