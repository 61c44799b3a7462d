"""The reckoning: what was accepted has come to one end, each due time has rung once or is told to be missed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.soak.witness import DELIVERED_AGAIN, Sent, Told
from tests.support.waiting import patient

TERMINAL = frozenset({"finished", "failed", "cancelled", "expired", "replaced", "dropped"})
TOLD_WITHIN = 10.0
"""Real seconds around the death of a broker in which what is told to it may be lost: it was frozen, or its listeners
were not back yet."""

UNHEARD = frozenset({"muted", "there was nothing to say"})
"""What the daemon says of one that it has finished and never begun."""

NAMELESS = " and without an id"
"""What the daemon made of such a message nobody can tell: no event speaks of it by a name that was sent along."""

LATE = 20.0
"""Real seconds after its due time by which an alarm that does not call itself late has begun in spite of all faults: a
player is stopped for 6 s, a broker for 4 s, a daemon killed twice."""

_SEVERAL = re.compile(r"for (\d+) due times at once|and (\d+) times before")


@dataclass(slots=True)
class Verdict:
    """What is wrong, and what was counted."""

    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def judge_announcements(
    sent: Sequence[Sent],
    told: Sequence[Told],
    recorded: Sequence[Mapping[str, Any]],
    excused: Mapping[str, str],
    broker_deaths: Sequence[float],
) -> Verdict:
    """Each accepted id: one end and no second, and what is finished was begun. `recorded` are events as the daemon
    logged them, `excused` ids whose journal was destroyed. What only the log has told counts where a broker was killed
    about then (`broker_deaths` and the `at` of the log are real seconds since the epoch)."""
    verdict = Verdict()
    stories: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        if one.document.get("kind") == "announcement":
            stories[one.document["id"]].append(one)
    logged: dict[str, list[str]] = defaultdict(list)
    begun = {line["id"] for line in recorded if line["event_type"] == "started"}
    for line in recorded:
        lost = any(abs(line["at"] - death) < TOLD_WITHIN for death in broker_deaths)
        if lost and line["id"] is not None and line["event_type"] in TERMINAL:
            logged[line["id"]].append(line["event_type"])
    accepted = {answer["id"] for one in sent for answer in one.answers if answer.get("status") == "accepted"}
    for id_ in sorted({*accepted, *stories}):
        ends = [one for one in stories[id_] if one.document["event_type"] in TERMINAL]
        how = [one.document["event_type"] for one in ends]
        verdict.counts["accepted"] += 1
        if id_ in excused and len(ends) != 1:
            verdict.counts[f"excused: {excused[id_]}"] += 1
        elif len(ends) > 1:
            verdict.wrong.append(f"{id_} came to {len(ends)} ends: {', '.join(how)}")
        elif ends:
            verdict.counts[how[0]] += 1
            verdict.wrong += _out_of_order(id_, stories[id_])
            verdict.wrong += [] if id_ in begun else _never_begun(id_, stories[id_])
        elif logged[id_]:
            verdict.counts[f"{logged[id_][0]} (told to a broker that was killed)"] += 1
        else:
            seen = ", ".join(one.document["event_type"] for one in stories[id_]) or "only the answer"
            verdict.wrong.append(f"{id_} was accepted and came to no end ({seen})")
    verdict.wrong += _unanswered(sent, stories, verdict.counts)
    return verdict


def _out_of_order(id_: str, story: Sequence[Told]) -> list[str]:
    """Where the clock was not set meanwhile: accepted, then started, then ended."""
    if len({one.sets for one in story}) > 1:
        return []
    end = next(one.document["at"] for one in story if one.document["event_type"] in TERMINAL)
    late = [one.document["event_type"] for one in story if one.document["at"] > end + 0.5]
    return [f"{id_}: {', '.join(late)} after its end"] if late else []


def _never_begun(id_: str, story: Sequence[Told]) -> list[str]:
    """Where its log does not say that it was."""
    how = {one.document["event_type"]: one.document for one in story}
    if "finished" not in how or "started" in how or how["finished"].get("note") in UNHEARD:
        return []
    return [f"{id_} was finished and never begun"]


def _unanswered(sent: Sequence[Sent], stories: Mapping[str, object], counts: Counter[str]) -> list[str]:
    wrong = []
    for one in sent:
        codes = {answer["code"] for answer in one.answers if answer.get("status") == "error"}
        if one.id is not None and codes - {"queue_full"}:
            wrong.append(f"{one.id} was refused: {', '.join(sorted(codes))}")
        if one.answers or (one.id is not None and one.id in stories):
            continue
        if one.lost_with is None:
            wrong.append(f"message {one.number} on {one.topic} was never answered")
        elif one.id is not None and one.lost_with in DELIVERED_AGAIN:
            wrong.append(f"{one.id} is gone: {one.lost_with}, and the broker has it or the journal")
        else:
            counts[f"unanswered{NAMELESS if one.id is None else ''}: {one.lost_with}"] += 1
    return wrong


@dataclass(frozen=True, slots=True)
class AlarmExpectation:
    """The due times of one alarm in a life, seconds since the epoch, ascending."""

    name: str
    dues: Sequence[float]
    excused: Callable[[float], str | None] = lambda _: None
    """Why nobody could know of this one: its journal was destroyed then."""


def judge_alarms(expected: Sequence[AlarmExpectation], told: Sequence[Told]) -> Verdict:
    """Each due time rang once, or was told to be missed; nothing rang that was not due."""
    verdict = Verdict()
    of_alarms = [one.document for one in told if one.document.get("kind") == "alarm"]
    for alarm in expected:
        own = [one for one in of_alarms if one["name"] == alarm.name and one["event_type"] in ("fired", "missed")]
        fired = Counter(_instant(one) for one in own if one["event_type"] == "fired" and one.get("note") != "a test")
        verdict.counts["rang"] += len(fired)
        for due, times in fired.items():
            if times > 1 and alarm.excused(due) is None:
                verdict.wrong.append(f"the alarm {alarm.name} rang {times} times for {_iso(due)}")
            if due not in alarm.dues:
                verdict.wrong.append(f"the alarm {alarm.name} rang for {_iso(due)}, when it was not due")
        covered = _covered(own, alarm.dues)
        verdict.counts["due"] += len(alarm.dues)
        verdict.counts["missed, and told"] += len(covered - fired.keys())
        for due in alarm.dues:
            if due in covered:
                continue
            if (why := alarm.excused(due)) is not None:
                verdict.counts[f"due, excused: {why}"] += 1
            else:
                verdict.wrong.append(f"the alarm {alarm.name} neither rang for {_iso(due)} nor was told to be missed")
    return verdict


def judge_lateness(told: Sequence[Told], gone: Sequence[tuple[float, float]]) -> tuple[list[str], list[float]]:
    """What is wrong, and by how many seconds alarms were late that do not say so themselves, without what was `gone`
    meanwhile (stretches of the clock on the wall). One for which that clock was set is left out."""
    begun: dict[str, Told] = {}
    for one in told:
        if one.document["event_type"] == "started":
            begun.setdefault(one.document["id"], one)  # again, where a card went in the middle
    wrong, lateness = list[str](), list[float]()
    for one in told:
        fired = one.document
        if fired.get("kind") != "alarm" or fired["event_type"] != "fired" or "note" in fired:
            continue
        start = begun.get(fired["id"])
        if start is None or start.sets != one.sets:
            continue
        due, at = _instant(fired), start.document["at"]
        late = at - due - sum(max(0.0, min(last, at) - max(first, due)) for first, last in gone)
        lateness.append(late)
        if late > patient(LATE):
            wrong.append(f"the alarm {fired['name']} began {late:.0f} s after {_iso(due)} and does not say so")
    return wrong, lateness


def _covered(events: Sequence[Mapping[str, Any]], dues: Sequence[float]) -> set[float]:
    """The due times that these events speak of: each of its own, and of as many before as it says."""
    covered: set[float] = set()
    for one in events:
        if one.get("note") == "a test":
            continue
        found = _SEVERAL.search(one.get("note", ""))
        more = 0 if found is None else int(found[1]) - 1 if found[1] else int(found[2])
        last = _instant(one)
        earlier = [due for due in dues if due < last and due not in covered]
        covered |= {last, *earlier[len(earlier) - more :]}
    return covered


def _instant(event: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(event["due"]).timestamp()


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant).astimezone().isoformat(timespec="seconds")
