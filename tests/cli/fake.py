"""A stand-in for the engine: one program a file, driven by comments in the file, so that the command is tested alone.

As a script it is the command itself on this engine: `python tests/cli/fake.py train.py --check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from migrator.config import Settings
from migrator.errors import Distrusted, FileProblem, Unreadable
from migrator.project import pipeline
from migrator.project.cache.disk_cache import DiskCache
from migrator.report.report import FileReport, Item, Level, ProgramReport
from migrator.source.text import Source, make_source, read_source

BACKWARD = re.compile(r"(\w+)\.backward\(\)")


def _items(source: Source, settings: Settings) -> Iterator[Item]:
    for number, line in enumerate(source.text.split("\n"), 1):
        for match in BACKWARD.finditer(line):
            column = match.start() + 1
            message = f"Replace `{match[0]}` with `accelerator.backward({match[1]})`"
            wanted = settings.wants("MIG301")
            reason = "" if wanted else "deselected"
            yield Item(number, column, "MIG301", message, Level.SAFE, number, match.end() + 1, reason, applied=wanted)
        for level in (Level.REVIEW, Level.UNSAFE, Level.NOTE):
            if f"# {level.value}" in line:
                column = line.index("#") + 1
                yield Item(
                    number,
                    column,
                    "MIG901",
                    f"This is {level.value}",
                    level,
                    number,
                    column + 5,
                    "It cannot be told\nfrom here",
                    "Tell it",
                )


def migrate(source: Source, settings: Settings) -> ProgramReport:
    """Do what the comments of a file ask for."""
    if "# crash" in source.text:
        raise ZeroDivisionError("the engine is broken")
    if "# interrupt" in source.text:
        raise KeyboardInterrupt
    if "# unreadable" in source.text:
        return ProgramReport((), (Unreadable(source.path, "cannot be parsed", 2, 3),))
    if "# distrusted" in source.text:
        return ProgramReport((), (Distrusted(source.path, "INTERNAL ERROR: the second pass is not empty", 2, 3),))
    items = tuple(_items(source, settings))
    text = None
    if any(item.applied for item in items):
        newline = source.newline
        text = f"from {settings.target} import Accelerator{newline}accelerator = Accelerator(){newline}" + BACKWARD.sub(
            r"accelerator.backward(\1)", source.text
        )
    roles = f"{source.path}\n  loss: Loss\n" if settings.roles else ""
    return ProgramReport((FileReport(source, items, text),), (), (source.path,) if text else (), roles)


def run(
    paths: Sequence[str],
    settings: Settings,
    progress: Callable[[int], None] = lambda done: None,
    disk_cache: DiskCache | None = None,
    others: Sequence[str] = (),
) -> Iterator[ProgramReport]:
    """Stand in for `migrator.project.pipeline.run`."""
    for done, path in enumerate(paths, 1):
        try:
            with open(path, "rb") as file:
                source = read_source(path, file.read())
        except OSError as error:
            yield ProgramReport((), (FileProblem(path, f"cannot be read ({error.strerror})"),))
        except FileProblem as problem:
            yield ProgramReport((), (problem,))
        else:
            yield migrate(source, settings)
        progress(done)


def run_text(text: str, path: str, settings: Settings) -> ProgramReport:
    """Stand in for `migrator.project.pipeline.run_text`."""
    return migrate(make_source(path, text), settings)


def install() -> None:
    """Put the stand-in where the command looks for its engine."""
    pipeline.run = run
    pipeline.run_text = run_text


if __name__ == "__main__":
    from migrator.cli.command import main

    install()
    main()
