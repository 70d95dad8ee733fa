"""Measuring commands against each other: every round runs each of them once, so that a busy machine slows them alike."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from types import MappingProxyType

# A migrator that compiles itself anew would be measured instead of one that is installed.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    time_s: float
    cpu_s: float  # of all its processes
    memory_mb: float  # at its peak, of the process that was started


Measure = Callable[[Cost], float]


@dataclass(frozen=True, slots=True)
class Costs:
    """What several runs took, round by round."""

    rounds: Mapping[str, Sequence[Cost]]

    def ratio(self, command: str, floor: str, what: Measure) -> float:
        """Give how much more one command takes than another: the median of the rounds' ratios."""
        pairs = zip(self.rounds[command], self.rounds[floor], strict=True)
        return median(what(one) / what(other) for one, other in pairs)

    def further_ms(self, more: str, less: str, what: Measure) -> float:
        """Give how many milliseconds one command takes more than another: the median of the rounds' differences."""
        pairs = zip(self.rounds[more], self.rounds[less], strict=True)
        return 1000 * median(what(one) - what(other) for one, other in pairs)


def measure(
    commands: Mapping[str, Sequence[str]], rounds: int, environment: Mapping[str, str] = MappingProxyType({})
) -> Costs:
    """Run all commands in turn, each round beginning with another one; a first round that warms the caches is not counted.

    Args:    environment: variables that the commands get besides ours.
    """
    names = list(commands)
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            cost = _run(commands[name], {**_ENVIRONMENT, **environment})
            if number:
                costs[name].append(cost)
    return Costs(costs)


def _run(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command without its output.

    Raises:  RuntimeError when it fails: neither done nor, as a preview says it, pending.
    """
    start = perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    time_s = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Cost(time_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
