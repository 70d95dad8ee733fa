"""The way through a verification: scratch copies, runs, verdicts."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from migrator import __version__
from migrator.config import Settings
from migrator.report.report import ProgramReport
from migrator.verify import edits
from migrator.verify.copies.fingerprint import find_changes, take_fingerprint
from migrator.verify.copies.root import find_root
from migrator.verify.copies.scratch import Scratch
from migrator.verify.copies.tree import Tree, read_tree
from migrator.verify.judge.verdicts import (
    Again,
    Migration,
    not_run,
    one_process,
    original_says_nothing,
    several_processes,
)
from migrator.verify.processes import ForkServer
from migrator.verify.request import Request, check, plan
from migrator.verify.result import Result, Run
from migrator.verify.runner import Runner, Say
from migrator.verify.show.table import rows, series
from migrator.verify.trace import Outside, Step, Trace

_NAMED = 8  # paths in one note
Runs = dict[str, list[Trace]]


def verify(request: Request, reports: Sequence[ProgramReport], settings: Settings, say: Say) -> Result:
    """Run the original and the migrated program, and judge what they did.

    Args:    reports: of the migration, in memory. say: takes what the runs print, line by line.
    Raises:  UsageError where there is nothing to compare; Unverifiable where the project cannot be copied.
    """
    check(request, reports)
    cwd = os.getcwd()
    start = cwd if request.is_module else request.script
    tree = read_tree(find_root(start, request.paths, cwd), request.share)
    for line in plan(request, tree.root):
        say(line)
    changed = edits.changed_files(reports)
    texts = {
        os.path.abspath(file.source.path): file.source.encode(file.text) for file in changed if file.text is not None
    }
    before = take_fingerprint(tree)
    threads = max(1, (os.cpu_count() or 1) // request.processes)
    with Scratch(tree, cwd) as scratch, ForkServer(threads) as fork_server:
        runner = Runner(request, texts, scratch, fork_server, say)
        result = _judge(request, reports, settings, runner, tree)
    if touched := find_changes(tree, before):
        note = f"files of the project changed during the runs: {_some(touched)}"
        result = replace(result, notes=(note, *result.notes))
    return result


def _judge(
    request: Request, reports: Sequence[ProgramReport], settings: Settings, runner: Runner, tree: Tree
) -> Result:
    changed = edits.changed_files(reports)
    files = [(os.path.relpath(x.source.path, tree.root), x) for report in reports for x in report.files]
    migration = Migration(files, edits.edits(changed, tree.root))
    original = runner.original("original")
    runs: Runs = {"original": [original]}
    if original.error or not original.losses:
        verdicts = original_says_nothing(original, request.processes)
    else:
        migrated = runner.migrated("migrated")
        runs["migrated"] = [migrated]
        again = Again(lambda: runner.original("again"), original)
        reads_ahead = settings.target == "accelerate"
        verdicts = [one_process(original, migrated, again, migration, reads_ahead)]
        if migrated.error:
            verdicts.append(not_run(request.processes))
        else:
            ranks = runner.together("together")
            runs["together"] = ranks

            def references(repeated: tuple[int, ...]) -> list[Trace]:
                return runner.references("reference", "together", repeated)

            def join(repeated: tuple[int, ...]) -> Trace:
                return runner.joined("joined", "together", repeated)

            verdicts.append(several_processes(original, ranks, references, join, again, migration, reads_ahead))
    return Result(
        script=shlex.join(request.command),
        target=settings.target,
        processes=request.processes,
        device=runner.devices.name,
        verdicts=tuple(verdicts),
        runs=tuple(_told(name, traces, request, runner.seconds[name]) for name, traces in runs.items()),
        steps=tuple(rows([*runs.values()])),
        hunks=tuple(edits.hunks(changed, tree.root)),
        notes=tuple(_notes(runs, runner, tree)),
        versions=(("migrate", __version__), *runner.versions),
    )


def _told(name: str, traces: Sequence[Trace], request: Request, seconds: float) -> Run:
    """Tell of a run in a report's words."""
    is_launched = name == "together"
    launcher = f"torchrun --nproc_per_node {len(traces)}" if is_launched else "python"
    failed = next((trace for trace in traces if trace.error), None)
    steps = len(traces[0].of(Step))
    if failed is None:
        ended = "finished" if all(trace.finished for trace in traces) else f"stopped after {steps} steps"
    else:
        ended = "failed" if failed.end else failed.error.splitlines()[0]
    return Run(
        name=f"migrated, {len(traces)} processes" if is_launched else name,
        command=f"{launcher} {shlex.join(request.command)}",
        seconds=seconds,
        losses=tuple(series(traces)),
        steps=steps,
        ended=ended,
        error="\n".join(failed.error.strip().splitlines()[-12:]) if failed else "",
        stacks="\n\n".join(f"process {rank}:\n{trace.stacks}" for rank, trace in enumerate(traces) if trace.stacks),
    )


def _notes(runs: Runs, runner: Runner, tree: Tree) -> Iterator[str]:
    """Name what was fixed, and what the script reads outside of the copy."""
    yield (
        "fixed in all runs: the seed of every random stream, the number of threads, deterministic algorithms, "
        "and no worker processes in loaders, so that every draw can be replayed"
    )
    yield from runner.devices.notes
    outside = {event for traces in runs.values() for trace in traces for event in trace.of(Outside)}
    read = sorted({event.path for event in outside if not event.kept})
    if beside := [path for path in read if path.startswith(os.pardir)]:
        yield (
            f"looked for beside the project {tree.root}, of which nothing is copied: {_some(beside)}; "
            "name a folder that holds both among the paths to have it copied"
        )
    if elsewhere := [path for path in read if path not in beside]:
        yield f"read outside of the project, in place: {_some(elsewhere)}"
    if kept := sorted({event.path for event in outside if event.kept}):
        yield f"not written, since it is outside of the copies: {_some(kept)}"
    if tree.outside or tree.shared:
        yield f"used in place, not copied: {_some([*tree.shared, *(link.path for link in tree.outside)])}"
    if tree.left_out:
        yield f"not copied: {_some([f'{path} ({why})' for path, why in tree.left_out])}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
