"""What became of a trial, or of several together."""

import json
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, get_args

from tests.chaos.ledger import Broken, Kind

LEASE_SECONDS, SWEEP_SECONDS = 5.0, 2.0
# Ten of them to start again what was killed, and to train until it shows.
_MAX_SECONDS = LEASE_SECONDS + SWEEP_SECONDS + 10.0


@dataclass
class Report:
    """`killed` counts the processes that were sent SIGKILL; `recoveries` are seconds from a disturbance until an API
    answers and what was running continues."""

    accepted: int = 0
    killed: int = 0
    done: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    promises_broken: list[Broken] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many disturbances were kills; emptying Valkey is one."""
        return sum(count for name, count in self.done.items() if name.endswith(("killed", "emptied")))

    @property
    def server_errors(self) -> int:
        """Answers above 499 but for 503, which tells to try again."""
        return sum(count for status, count in self.answers.items() if status.startswith("5") and status != "503")

    def lines(self) -> list[str]:
        percentiles = statistics.quantiles(self.recoveries, n=100) if len(self.recoveries) > 1 else [0.0] * 99
        kinds = Counter(each.kind for each in self.promises_broken)
        broken = ", ".join(f"{kind} {kinds[kind]}" for kind in get_args(Kind))
        return [
            f"{self.done.total()} disturbances: {_listed(self.done)}",
            f"{self.kills} kills, of {self.killed} processes; {self.accepted} experiments accepted",
            f"answers: {_listed(self.answers)}; 5xx but for 503: {self.server_errors}",
            f"recovery: median {percentiles[49]:.1f} s, 99 % within {percentiles[98]:.1f} s (bound {_MAX_SECONDS:g} s)",
            f"{len(self.promises_broken)} promises broken: {broken}",
            *(each.sentence for each in self.promises_broken),
        ]

    def append_to(self, path: Path) -> None:
        """Add a line to the file, which may have those of other trials."""
        with path.open("a") as file:
            print(json.dumps(vars(self)), file=file)

    @classmethod
    def sum_of(cls, paths: Iterable[Path]) -> Self:
        """Of all lines of the files."""
        total = cls()
        for path in paths:
            for line in path.read_text().splitlines():
                total._add(json.loads(line))
        return total

    def _add(self, other: dict[str, Any]) -> None:
        self.accepted += other["accepted"]
        self.killed += other["killed"]
        self.done.update(other["done"])
        self.answers.update(other["answers"])
        self.recoveries += other["recoveries"]
        self.promises_broken += [Broken(*each) for each in other["promises_broken"]]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
