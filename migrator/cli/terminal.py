"""What is written to the terminal: lines, bytes, a diff, a bar."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

import click

from migrator.errors import MigrateError

if TYPE_CHECKING:
    from migrator.report.report import ProgramReport

PROGRESS_DELAY_S = 1.0


def say(message: str) -> None:
    """Write a line to standard error."""
    try:
        click.echo(message, err=True)
    except OSError as error:
        drop_output(sys.stderr, error)


def put(data: bytes) -> None:
    """Write bytes to standard output as they are."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except OSError as error:
        drop_output(sys.stdout, error)


def drop_output(stream: TextIO, error: OSError) -> None:
    """Continue after the reader of a pipe has closed it (`migrate . | head -1`); the exit code does not change.

    Raises:  MigrateError when the output is lost for another reason, such as a full disk.
    """
    if error.errno not in (errno.EPIPE, errno.EINVAL):  # Windows says EINVAL
        raise MigrateError(f"the output cannot be written ({error.strerror})") from error
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def progress(total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Give a function that takes the number of files done and shows a progress bar after one second."""
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return
    started = monotonic()
    bar: Any = None
    task: Any = None

    def advance(done: int) -> None:
        nonlocal bar, task
        if bar is None and monotonic() - started > PROGRESS_DELAY_S:
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            task = bar.add_task("Migrating", total=total)
            bar.start()
        if bar is not None:
            bar.update(task, completed=done)

    try:
        yield advance
    finally:
        if bar is not None:
            bar.stop()


def put_diff(reports: Sequence[ProgramReport], colour: bool | None) -> None:
    """Print the diff: as bytes for a program, decoded and coloured for a person."""
    from migrator.report import diff

    terminal = sys.stdout.isatty()
    if colour is None:
        colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    for file in (file for report in reports for file in report.files):
        if terminal or colour:
            encoding = sys.stdout.encoding or "utf-8"
            text = diff.view(file, colour).encode(encoding, "replace").decode(encoding)
            try:
                click.echo(text, nl=False, color=colour)  # click knows how to colour a Windows console
            except OSError as error:
                drop_output(sys.stdout, error)
        else:
            put(diff.render(file))
