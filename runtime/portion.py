"""Which rows of a batch belong to which process, where all processes share the very batches of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Portion:
    """The rows of one process in a batch of ``total`` rows.

    The batch is cut as evenly as it goes, in order::

        7 rows, 3 processes:  [0 1 2] [3 4] [5 6]        2 rows, 3 processes:  [0] [1] (1)

    A process without a row takes the last one again, so that it takes part in every collective. The row counts
    nothing: its loss has weight 0, and `gather_for_metrics` leaves it out.
    """

    total: int
    processes: int
    rank: int

    def rows(self, rank: int) -> slice:
        """Return the rows of process ``rank`` that count."""
        size, longer = divmod(self.total, self.processes)
        start = rank * size + min(rank, longer)
        return slice(start, start + size + (rank < longer))

    def count(self, rank: int) -> int:
        """Count the rows of process ``rank`` that count."""
        rows = self.rows(rank)
        return int(rows.stop - rows.start)

    def held(self, rank: int) -> int:
        """Count the rows that process ``rank`` computes on."""
        return max(self.count(rank), min(self.total, 1))

    @property
    def own(self) -> slice:
        """The rows that this process computes on."""
        rows = self.rows(self.rank)
        return rows if rows.stop > rows.start else slice(max(self.total - 1, 0), self.total)

    @property
    def is_even(self) -> bool:
        """Whether every process has equally many rows, and all of them count."""
        return self.total % self.processes == 0

    @property
    def weight(self) -> float:
        """What to multiply a mean over this process's rows by, so that the processes' average is the batch's mean."""
        return self.count(self.rank) * self.processes / self.total if self.total else 1.0

    def part(self, batch: Any) -> Any:
        """Take this process's rows out of a sequence."""
        return batch[self.own]
