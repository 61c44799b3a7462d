"""What is wrong with a configuration, told so that it can be put right in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands, and what would be right.

    `line` and `column` count from 1; `key` is the path in dots (`mqtt.tls.ca_file`), empty where the file as a whole is
    meant. `value` is what stands there, as written, and None where it must not be shown or there is none.
    """

    file: Path
    message: str
    line: int | None = None
    column: int | None = None
    key: str = ""
    value: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        what = self.message if self.value is None else f"{self.value} {self.message}"
        return f"{where}: {self.key}: {what}" if self.key else f"{where}: {what}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` holds every reason, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
        super().__init__("\n".join(str(problem) for problem in self.problems))
