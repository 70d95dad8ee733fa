"""The way through a verification: scratch copies, runs, verdicts."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from migrator import __version__
from migrator.config import Settings
from migrator.errors import UsageError
from migrator.report.report import ProgramReport
from migrator.verify import alone, cause, edits, processes, together
from migrator.verify.devices import Devices, find_devices
from migrator.verify.excuse import excused
from migrator.verify.output import unstable_forms
from migrator.verify.processes import Member
from migrator.verify.recorder.options import Options
from migrator.verify.result import Finding, Outcome, Result, Run, Verdict
from migrator.verify.scratch import Scratch
from migrator.verify.table import rows, series
from migrator.verify.trace import Step, Trace
from migrator.verify.tree import Tree, find_root

P1, P2 = "P1", "P2"
TITLES = {P1: "the same numbers on one process", P2: "the right numbers on {} processes"}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    command: tuple[str, ...]  # the script, or -m and a module, then its arguments
    paths: tuple[str, ...]  # what was given to migrate
    processes: int = 2
    steps: int = 20
    timeout_s: float = 600.0
    against: str = ""  # the git revision that is the original, where the files are migrated already
    share: tuple[str, ...] = ()  # folders that are used in place, not copied

    @property
    def is_module(self) -> bool:
        """Whether the script is named as a module."""
        return self.command[0] == "-m"

    @property
    def script(self) -> str:
        """The path of the script, or the name of the module."""
        return self.command[1] if self.is_module else self.command[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the script is given."""
        return self.command[2 if self.is_module else 1 :]


def check(request: Request, reports: Sequence[ProgramReport]) -> None:
    """Insist that there is something to run, and something to compare.

    Raises:  UsageError that says what to do.
    """
    if not request.command or (request.is_module and len(request.command) < 2):
        raise UsageError("--verify runs a script: name it, with its arguments, after --")
    if not request.is_module and not os.path.isfile(request.script):
        raise UsageError(
            f"--verify: {request.script} is no file; after -- stands the script as you would give it to python"
        )
    changed = edits.changed_files(reports)
    if request.against and changed:
        names = ", ".join(file.source.path for file in changed[:3])
        raise UsageError(
            f"--against compares files that are migrated already, and {names} would be changed; leave it out"
        )
    if not request.against and not changed:
        raise UsageError(
            "--verify: migrate changes nothing here, so there is nothing to compare; "
            "if the files are migrated already, name the revision of the original with --against REV"
        )


def plan(request: Request, root: str, settings: Settings) -> Iterator[str]:
    """Say what will be executed, where, and for how long at most, before anything is."""
    runs = 2 + request.processes * 2
    command = shlex.join(("python", *request.command))
    yield f"This executes your code: {command}, in copies of {root} that are removed afterwards."
    yield (
        f"Once as it is, once migrated, then on {request.processes} processes, and once more on as many to judge these; "
        f"{runs} processes in all, each for {request.steps} optimizer steps and at most {request.timeout_s:g} s."
    )


class _Laboratory:
    """Makes the runs of one verification."""

    def __init__(
        self, request: Request, reports: Sequence[ProgramReport], tree: Tree, scratch: Scratch, say: Say
    ) -> None:
        self._request = request
        self._tree = tree
        self._scratch = scratch
        self._say = say
        self._texts = {
            file.source.path: file.source.encode(file.text)
            for file in edits.changed_files(reports)
            if file.text is not None
        }
        self._threads = max(1, (os.cpu_count() or 1) // request.processes)
        self.devices: Devices = find_devices(request.processes)
        self.records = Path(scratch.folder, "records")
        self.records.mkdir()
        self.seconds: dict[str, float] = {}

    def original(self, name: str) -> Trace:
        """Run the original on one process."""
        (trace,) = self._run(name, [self._member(name, is_migrated=False, on_cpu=self.devices.alone_on_cpu)])
        return trace

    def migrated(self, name: str) -> Trace:
        """Run the migrated program on one process."""
        (trace,) = self._run(name, [self._member(name, is_migrated=True, on_cpu=self.devices.alone_on_cpu)])
        return trace

    def together(self, name: str) -> list[Trace]:
        """Run the migrated program on several processes, which share a copy."""
        member = self._member(name, is_migrated=True, on_cpu=self.devices.together_on_cpu)
        world = self._request.processes
        traces = [str(self.records / f"{name}.{rank}") for rank in range(world)]
        return self._run(name, processes.ranks(member, world, traces))

    def references(self, name: str, recorded: str, repeated: tuple[int, ...]) -> list[Trace]:
        """Run the original as the handwritten reference, each process in a copy of its own.

        Args:    recorded: the name of the run whose batches it repeats.
        """
        members = []
        for rank in range(self._request.processes):
            member = self._member(f"{name}.{rank}", is_migrated=False, on_cpu=self.devices.together_on_cpu)
            options = replace(
                member.options,
                recorded=str(self.records / f"{recorded}.{rank}"),
                store=str(self.records / f"{name}.store"),
                rank=rank,
                world=self._request.processes,
                repeated=repeated,
            )
            environment = {**member.environment, **self.devices.only(rank)}
            members.append(Member(options, member.cwd, environment))
        return self._run(name, members)

    def _member(self, name: str, is_migrated: bool, on_cpu: bool) -> Member:
        copy = self._scratch.copy(name)
        if is_migrated:
            self._scratch.write_files(copy, self._texts)
        elif self._request.against:
            self._scratch.restore(copy, self._request.against)
        script = self._request.script if self._request.is_module else self._script_in(copy)
        options = Options(
            script=script,
            arguments=self._request.arguments,
            root=copy,
            trace=str(self.records / name),
            is_module=self._request.is_module,
            steps=self._request.steps,
            writable=_writable(self._scratch.folder),
            guarded=True,
        )
        return Member(options, self._tree.where(copy, os.getcwd()), processes.base_environment(self._threads, on_cpu))

    def _script_in(self, copy: str) -> str:
        """Name the script as the user did, where that leads into the copy; else by its place in the copy."""
        if os.path.isabs(self._request.script):
            return self._tree.where(copy, self._request.script)
        return self._request.script

    def _run(self, name: str, members: Sequence[Member]) -> list[Trace]:
        begun = time.monotonic()

        def say(rank: int, line: str) -> None:
            self._say(f"{name}{f' {rank}' if len(members) > 1 else ''} | {line}")

        traces = processes.run(members, self._request.timeout_s, say)
        self.seconds[name] = time.monotonic() - begun
        for member in members:
            self._scratch.drop(member.options.root)
        return traces


def _writable(scratch: str) -> tuple[str, ...]:
    """List the folders that runs may write beside their copies: what the system and packages keep for themselves."""
    import tempfile

    home = os.path.expanduser("~")
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    named = [
        os.environ[name] for name in ("TORCH_HOME", "HF_HOME", "TRITON_CACHE_DIR", "MPLCONFIGDIR") if name in os.environ
    ]
    return (scratch, tempfile.gettempdir(), caches, os.path.join(home, ".config", "matplotlib"), *named)


def verify(request: Request, reports: Sequence[ProgramReport], settings: Settings, say: Say) -> Result:
    """Run the original and the migrated program, and judge what they did.

    Args:    reports: of the migration, in memory. say: takes what the runs print, line by line.
    Raises:  UsageError where there is nothing to compare; Unverifiable where the project cannot be copied.
    """
    check(request, reports)
    root = find_root([*request.paths, *(() if request.is_module else (request.script,))], os.getcwd())
    tree = Tree(root, request.share)
    for line in plan(request, root, settings):
        say(line)
    with Scratch(tree) as scratch:
        before = tree.fingerprint()
        laboratory = _Laboratory(request, reports, tree, scratch, say)
        result = _judge(request, reports, settings, laboratory, tree)
        changes = tree.changes(before)
    touched = f"files of yours changed while the runs were going on: {', '.join(changes[:5])}"
    return replace(result, notes=(touched, *result.notes)) if changes else result


def _judge(
    request: Request, reports: Sequence[ProgramReport], settings: Settings, laboratory: _Laboratory, tree: Tree
) -> Result:
    files = edits.changed_files(reports)
    made = edits.edits(files, tree.root)
    original = laboratory.original("original")
    runs: dict[str, list[Trace]] = {"original": [original]}
    if original.error or not original.losses:
        verdicts = [_original_says_nothing(original, promise, request.processes) for promise in (P1, P2)]
    else:
        migrated = laboratory.migrated("migrated")
        runs["migrated"] = [migrated]
        again = _Again(lambda: laboratory.original("again"), original)
        verdicts = [_alone(original, migrated, again, made, reports, settings)]
        if migrated.error:
            verdicts.append(_not_run(request.processes))
        else:
            ranks = laboratory.together("together")
            runs["together"] = ranks
            verdicts.append(_together(original, ranks, laboratory, again, made, reports, request.processes))
    command = shlex.join(request.command)
    return Result(
        script=command,
        target=settings.target,
        processes=request.processes,
        device=laboratory.devices.name,
        verdicts=tuple(verdicts),
        runs=tuple(_report(name, traces, command, request, laboratory) for name, traces in runs.items()),
        steps=tuple(rows([*runs.values()])),
        hunks=tuple(edits.hunks(files, tree.root)),
        notes=tuple(_notes(runs, laboratory.devices, tree)),
        versions=(("migrate", __version__), ("Python", sys.version.split()[0])),
    )


class _Again:
    """A second run of the original, made where something differs: what differs from itself says nothing of a migration."""

    def __init__(self, run: Callable[[], Trace], first: Trace) -> None:
        self._run = run
        self._first = first
        self._trace: Trace | None = None

    @property
    def trace(self) -> Trace:
        """The second run."""
        if self._trace is None:
            self._trace = self._run()
        return self._trace

    @property
    def aspects(self) -> set[str]:
        """In which aspects the original differs from itself."""
        return {finding.aspect for finding in alone.original_differs_from_itself(self._first, self.trace)}


_TRAINING = {"run", "losses", "gradients", "learning rates", "parameters"}  # what a promise stands and falls with


def _settle(findings: Sequence[Finding], again: _Again) -> list[Finding]:
    """Withdraw what the original does not repeat either."""
    if all(finding.outcome is not Outcome.DIFFERENT for finding in findings):
        return list(findings)
    unstable = again.aspects
    if unstable & _TRAINING:
        unstable |= {finding.aspect for finding in findings}
    return [
        replace(finding, outcome=Outcome.UNKNOWN, told="two runs of the original differ in this, too")
        if finding.outcome is Outcome.DIFFERENT and finding.aspect in unstable
        else finding
        for finding in findings
    ]


def _outcome(findings: Sequence[Finding]) -> Outcome:
    """Sum up: what is not known of the training leaves the promise open, what is not known of the console does not."""
    found = {finding.outcome for finding in findings}
    if Outcome.DIFFERENT in found:
        return Outcome.DIFFERENT
    open_ = any(
        finding.outcome is Outcome.UNKNOWN and finding.aspect in _TRAINING | {"original"} for finding in findings
    )
    return Outcome.UNKNOWN if open_ else Outcome.EQUAL


def _alone(
    original: Trace,
    migrated: Trace,
    again: _Again,
    made: Sequence[edits.Edit],
    reports: Sequence[ProgramReport],
    settings: Settings,
) -> Verdict:
    findings = _settle(alone.judge(original, migrated, settings.target == "accelerate"), again)
    findings, differences = excused(findings, [file for report in reports for file in report.files])
    outcome = _outcome(findings)
    steps = len(original.of(Step))
    summary = {
        Outcome.EQUAL: f"{len(original.losses)} losses and the parameters after each of {steps} steps are equal, to the last bit",
        Outcome.UNKNOWN: "two runs of the original differ from one another, so nothing can be said; does it set its seeds?",
    }
    told = summary.get(outcome) or _first_difference(findings)
    why = cause.find(findings, [original], [migrated], made)
    return Verdict(P1, TITLES[P1], outcome, told, tuple(findings), why, tuple(differences))


def _first_difference(findings: Sequence[Finding]) -> str:
    different = [finding for finding in findings if finding.outcome is Outcome.DIFFERENT]
    first = min(different, key=lambda finding: finding.step or sys.maxsize)
    return f"{first.aspect}: {first.told}"


def _together(
    original: Trace,
    ranks: list[Trace],
    laboratory: _Laboratory,
    again: _Again,
    made: Sequence[edits.Edit],
    reports: Sequence[ProgramReport],
    world: int,
) -> Verdict:
    title = TITLES[P2].format(world)
    references: list[Trace] = []
    repeated = together.schedules_in_batches(original)
    if any(trace.error for trace in ranks):
        findings = together.judge(original, ranks, [], set())
    else:
        references = laboratory.references("reference", "together", repeated)
        findings = together.judge(original, ranks, references, set())
        if any(finding.aspect == "console" and finding.outcome is Outcome.DIFFERENT for finding in findings):
            unstable = unstable_forms(original.lines, again.trace.lines)
            findings = together.judge(original, ranks, references, unstable)
    findings = _settle(findings, again)
    findings, differences = excused(findings, [file for report in reports for file in report.files])
    outcome = _outcome(findings)
    summary = {
        Outcome.EQUAL: f"{world} processes stay equal, and each of {len(ranks[0].of(Step))} steps has the mean gradient of what the original computes on their batches",
        Outcome.UNKNOWN: next((finding.told for finding in findings if finding.outcome is Outcome.UNKNOWN), ""),
    }
    why = cause.find(findings, references or [original], ranks, made)
    differences += together.legitimate(original, ranks, repeated)
    return Verdict(
        P2,
        title,
        outcome,
        summary.get(outcome) or _first_difference(findings),
        tuple(findings),
        why,
        tuple(differences),
    )


def _original_says_nothing(original: Trace, promise: str, world: int) -> Verdict:
    findings = alone.judge(original, original)
    return Verdict(promise, TITLES[promise].format(world), Outcome.UNKNOWN, findings[0].told, tuple(findings))


def _not_run(world: int) -> Verdict:
    return Verdict(
        P2, TITLES[P2].format(world), Outcome.UNKNOWN, "not run: the migrated program fails on one process already"
    )


def _report(name: str, traces: Sequence[Trace], command: str, request: Request, laboratory: _Laboratory) -> Run:
    launcher = f"torchrun --nproc_per_node {len(traces)}" if name == "together" else "python"
    titles = {"together": f"migrated, {len(traces)} processes"}
    steps = len(traces[0].of(Step))
    failed = next((trace for trace in traces if trace.error), None)
    if failed is None:
        ended = "finished" if all(trace.finished for trace in traces) else f"stopped after {steps} steps"
    else:
        ended = "failed" if failed.end else failed.error.splitlines()[0]
    return Run(
        name=titles.get(name, name),
        command=f"{launcher} {command}",
        seconds=laboratory.seconds[name],
        losses=tuple(series(traces)),
        steps=steps,
        ended=ended,
        error="\n".join(failed.error.strip().splitlines()[-12:]) if failed else "",
        stacks="\n\n".join(f"process {rank}:\n{trace.stacks}" for rank, trace in enumerate(traces) if trace.stacks),
    )


def _notes(runs: dict[str, list[Trace]], devices: Devices, tree: Tree) -> Iterator[str]:
    """Name what was fixed, and what the script reads outside of the copy."""
    from migrator.verify.trace import Outside

    yield "fixed in all runs: the seed of every random stream, deterministic algorithms, no worker processes in loaders"
    yield from devices.notes
    outside = {event for traces in runs.values() for trace in traces for event in trace.of(Outside)}
    if read := sorted(event.path for event in outside if not event.kept):
        yield f"read outside of the project: {', '.join(read[:10])}{' ...' if len(read) > 10 else ''}"
    if kept := sorted(event.path for event in outside if event.kept):
        yield f"kept from being written, since it lies outside of the copies: {', '.join(kept[:10])}"
    if tree.outside:
        yield f"used in place: {', '.join(tree.outside[:10])}"
