"""What a check says: the verdict, what it means, and what to type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """From good to bad."""

    OK = "ok"
    WARNING = "warning"
    """It speaks, and something is not as it should be, or could not be looked at."""
    FAILURE = "failure"
    """Something will not be heard, or not be kept."""

    @property
    def status(self) -> int:
        """The exit status: 0, 1 or 2."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination. ValueError where it does not say what it means, or what to do."""

    name: str
    verdict: Verdict
    means: str
    """In plain English: how it is, and what follows from that."""
    remedy: str | None = None
    """What to type or to do; on a finding that is ok, a hint."""

    def __post_init__(self) -> None:
        if not self.name or not self.means:
            raise ValueError("a finding has a name and says what it means")
        if self.verdict is not Verdict.OK and not self.remedy:
            raise ValueError(f"{self.name} is a {self.verdict} and does not say what to do")

    def document(self) -> dict[str, str | None]:
        return {"name": self.name, "verdict": str(self.verdict), "means": self.means, "remedy": self.remedy}


def ok(name: str, means: str, hint: str | None = None) -> Finding:
    return Finding(name, Verdict.OK, means, hint)


def warning(name: str, means: str, remedy: str) -> Finding:
    return Finding(name, Verdict.WARNING, means, remedy)


def failure(name: str, means: str, remedy: str) -> Finding:
    return Finding(name, Verdict.FAILURE, means, remedy)


def worst(findings: Iterable[Finding]) -> Verdict:
    """The worst verdict of them; OK where there are none."""
    return max((finding.verdict for finding in findings), key=lambda verdict: verdict.status, default=Verdict.OK)
