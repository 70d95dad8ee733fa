"""Measure the migrator against what cannot be avoided, and print the figures of the README.

    python benchmarks/bench.py [--rounds 7] [--files 200] [--write-readme]

Whole commands are timed. A figure is a ratio within rounds, so that it holds on a busy machine, too.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import figures
from benchmarks.corpus import FIXTURES, make_repository, plain_files
from benchmarks.figures import Figure
from benchmarks.measure import Cost, Costs, measure
from migrator.project.scan import SIGNS

TITLE = "The migrator"
FLOOR = (
    sys.executable,
    str(Path(__file__).with_name("floor.py")),
    "|".join(re.escape(sign.decode()) for sign in SIGNS),
)
CLICK = (sys.executable, "-c", "import click")
EDITED = FIXTURES / "12_resume_and_best" / "before.py"
UNEDITED = FIXTURES / "26_ddp_by_hand" / "before.py"
TORCH_SHARE = 0.05
FURTHER = 1000  # files without torch in the second of two folders


def _migrate() -> tuple[str, ...]:
    """Give the command as it is installed beside this interpreter."""
    script = shutil.which("migrate", path=os.path.dirname(sys.executable))
    return (script,) if script else (sys.executable, "-m", "migrator")


def cold() -> tuple[str, ...]:
    """Give the command that remembers nothing of earlier runs."""
    return (*_migrate(), "--no-cache")


def _commands(scratch: Path, files: int) -> dict[str, Sequence[str]]:
    """Lay everything out in a scratch folder, and give the commands to compare."""
    # each file in a folder of its own, away from our pyproject.toml
    places = {"edited": EDITED, "unedited": UNEDITED, "plain": plain_files()[0]}
    for name, source in places.items():
        places[name] = scratch / name / "train.py"
        places[name].parent.mkdir()
        shutil.copyfile(source, places[name])
    places["repository"] = make_repository(scratch / "repository", files, TORCH_SHARE)
    places["twice"] = make_repository(scratch / "twice", 2 * files, TORCH_SHARE)
    places["plain repository"] = make_repository(scratch / "plain repository", files, 0)
    # memory is flat once as much is parsed as is kept: a small repository has not come there
    places["large"] = make_repository(scratch / "large", 8 * files, TORCH_SHARE)
    places["larger"] = make_repository(scratch / "larger", 16 * files, TORCH_SHARE)
    places["few"] = make_repository(scratch / "few", 1, 0)
    places["many"] = make_repository(scratch / "many", 1 + FURTHER, 0)
    commands: dict[str, Sequence[str]] = {name: (*cold(), str(path)) for name, path in places.items()}
    commands["unchanged"] = (*_migrate(), str(places["repository"]))  # since the first round, which is not counted
    for name in ("edited", "unedited", "repository", "few", "many"):
        commands[f"{name} floor"] = (*FLOOR, str(places[name]))
    return {**commands, "click": CLICK}


def _time(cost: Cost) -> float:
    return cost.time_s


def _cpu(cost: Cost) -> float:
    return cost.cpu_s


def _memory(cost: Cost) -> float:
    return cost.memory_mb


def _figures(costs: Costs) -> Iterator[Figure]:
    ratios = (
        ("one file with edits, to its floor", "edited", "edited floor", "1.6", "1.25"),
        ("one torch file without edits, to its floor", "unedited", "unedited floor", "1.5", "1.15"),
        ("one file without torch, to Python with click", "plain", "click", "1.3", "1.1"),
        ("a repository with 5 % torch files, to its floor", "repository", "repository floor", "2.3", "1.6"),
        ("the same repository, unchanged, to its floor", "unchanged", "repository floor", "0.6", "0.5"),
        ("the same repository, unchanged, to one without torch", "unchanged", "plain repository", "1.5", "1.25"),
        ("twice the files: time", "twice", "repository", "2", "2"),
    )
    for what, command, floor, must, aim in ratios:
        wall, cpu = (f"{costs.ratio(command, floor, kind):.2f}" for kind in (_time, _cpu))
        yield Figure(what, must, aim, wall, cpu)
    memory = costs.ratio("larger", "large", _memory)
    yield Figure("twice the files of a large repository: memory", "1", "1", f"{memory:.2f}", "")
    wall, cpu = (f"{costs.further_ms('many', 'few', kind) / FURTHER:.3f} ms" for kind in (_time, _cpu))
    yield Figure("each further file without torch", "0.1 ms", "0.05 ms", wall, cpu)
    wall, cpu = (
        f"{costs.further_ms('many', 'few', kind) / costs.further_ms('many floor', 'few floor', kind):.2f}"
        for kind in (_time, _cpu)
    )
    yield Figure("the same, to its floor", "1", "0.5", wall, cpu)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="how often each command runs  [7]")
    parser.add_argument("--files", type=int, default=200, help="files of the repository  [200]")
    parser.add_argument("--write-readme", action="store_true", help="put the table into the README, too")
    options = parser.parse_args(arguments)
    if not hasattr(os, "wait4"):
        parser.error("memory is measured with wait4, which this system does not have")
    with tempfile.TemporaryDirectory(prefix="migrate-bench-") as scratch:
        cache = {"MIGRATE_CACHE_DIR": os.path.join(scratch, "cache")}
        costs = measure(_commands(Path(scratch), options.files), options.rounds, cache)
    text = figures.table(_figures(costs))
    print(text, end="")
    if options.write_readme:
        figures.write(TITLE, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
