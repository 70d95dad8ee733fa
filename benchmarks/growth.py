"""Measure how the migrator's cost grows with a package, and with the programs that share one.

    python benchmarks/growth.py [--rounds 3]

A figure is CPU time per line of the repository, to that of the smallest package, or of a single program: flat is 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import figures
from benchmarks.bench import cold
from benchmarks.figures import Figure
from benchmarks.measure import Cost, Costs, measure
from benchmarks.package import make_package

MODULES = (50, 100, 200, 400)
ENTRIES = (1, 5, 10, 20)  # over a package of the smallest size
MUST, AIM = "1.2", "1"
_START = "start"  # what a run costs that finds nothing


def _name(modules: int, entries: int) -> str:
    return f"{modules} modules, {entries} {'entry' if entries == 1 else 'entries'}"


def _sizes() -> list[tuple[int, int]]:
    return [*((modules, 1) for modules in MODULES), *((MODULES[0], entries) for entries in ENTRIES[1:])]


def _figures(costs: Costs, lines: dict[str, int]) -> Iterator[Figure]:
    spent = {name: costs.further_ms(name, _START, _cpu) / count for name, count in lines.items()}
    base = spent[_name(MODULES[0], 1)]
    for name, cost_ms in spent.items():
        yield Figure(f"CPU time per line: {name}", MUST, AIM, f"{cost_ms / base:.2f}", f"{cost_ms:.3f} ms a line")


def _cpu(cost: Cost) -> float:
    return cost.cpu_s


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each command runs  [3]")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="migrate-growth-") as scratch:
        nothing = Path(scratch) / "nothing"
        nothing.mkdir()
        commands: dict[str, Sequence[str]] = {_START: (*cold(), str(nothing))}
        lines: dict[str, int] = {}
        for modules, entries in _sizes():
            name = _name(modules, entries)
            place = Path(scratch) / name
            lines[name] = make_package(place, modules, entries)
            commands[name] = (*cold(), str(place))
        costs = measure(commands, options.rounds)
    print(figures.table(_figures(costs, lines)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
