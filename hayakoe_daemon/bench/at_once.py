"""The sentences of one text one after the other, against so many of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hayakoe_daemon.bench.configuration import Configuration
from hayakoe_daemon.bench.figures import Run, Spread
from hayakoe_daemon.bench.process import started
from hayakoe_daemon.bench.texts import AT_ONCE, TEXTS, WARM_UP

SENTENCES = TEXTS[AT_ONCE].count("。")


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Of one configuration: the runs by how many sentences were made at once; 1 is one after the other."""

    name: str
    runs: Mapping[int, Sequence[Run]]

    def sentences_a_second(self, count: int) -> Spread:
        return Spread.of(SENTENCES / run.total for run in self.runs[count])

    def first_sound(self, count: int) -> Spread:
        """Seconds."""
        return Spread.of(run.first_sound for run in self.runs[count])

    def gain(self, count: int) -> float:
        """Times as many sentences a second as one after the other."""
        return self.sentences_a_second(count).median / self.sentences_a_second(1).median

    def document(self) -> dict[str, Any]:
        return {
            str(count): {
                "sentences_a_second": round(self.sentences_a_second(count).median, 4),
                "first_sound": round(self.first_sound(count).median, 4),
                "gain": round(self.gain(count), 3),
                "runs": len(runs),
            }
            for count, runs in self.runs.items()
        }

    def rows(self) -> list[tuple[str, ...]]:
        """A head, and a row for each number of sentences at once."""
        return [
            (f"{self.name}: sentences at once", "sentences a second", "of one after the other", "first sound, s"),
            *(
                (
                    str(count),
                    f"{self.sentences_a_second(count).median:.3g}",
                    f"{self.gain(count):.2f}",
                    f"{self.first_sound(count).median:.3g}",
                )
                for count in self.runs
            ),
        ]


def measure_at_once(
    configurations: Sequence[Configuration],
    counts: Sequence[int],
    runs: int,
    tell: Callable[[str], None] = lambda _: None,
) -> list[AtOnce]:
    """Each configuration in a process of its own, the numbers taking turns. Raises BenchError."""
    found = []
    for one in configurations:
        tell(f"{one.name}: sentences at once")
        with started(one) as process:
            process.say(WARM_UP)
            of_it: dict[int, list[Run]] = {count: [] for count in (1, *counts)}
            for _ in range(runs):
                for count, said in of_it.items():
                    said.append(process.say(TEXTS[AT_ONCE], at_once=count))
        found.append(AtOnce(one.name, of_it))
    return found
