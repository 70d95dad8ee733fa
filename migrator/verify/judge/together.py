"""Several processes: equal replicas, and at each step the gradients and rates of the reference (P2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set

from migrator.verify.judge import compare, samples
from migrator.verify.judge.alone import contents_differ, rates_differ
from migrator.verify.judge.compare import Drift, figure, numbered
from migrator.verify.judge.output import figures_differ, more_than, shown
from migrator.verify.result import Finding, Outcome
from migrator.verify.trace import Backward, Fetch, Finish, Save, Schedule, Step, Trace

_WAITED = ("waited for", "was not done")
_LOST = (
    "ProcessLost",
    "Connection closed by peer",
    "Connection reset by peer",
)  # the error of one that another has left
_ON_A_METRIC = (
    "ReduceLROnPlateau",
)  # several processes train otherwise than one, and may meet their plateau elsewhere


def schedules_in_batches(original: Trace) -> tuple[int, ...]:
    """List the schedulers that advance with every batch: stepped twice within one pass over a loader."""
    found: dict[int, None] = {}
    stepped: set[int] = set()
    has_loader = False
    for event in original.events:
        if isinstance(event, Fetch):
            has_loader = True
        elif isinstance(event, Finish):
            stepped.clear()
        elif isinstance(event, Schedule) and has_loader:
            if event.scheduler in stepped:
                found[event.scheduler] = None
            stepped.add(event.scheduler)
    return tuple(found)


def draws_in_steps(original: Trace) -> bool:
    """Whether random numbers are drawn between the choice of a batch and the step that it leads to, by dropout say."""
    streams = ""
    for event in original.events:
        if isinstance(event, Fetch):
            streams = event.streams
        elif isinstance(event, Step) and streams and event.streams != streams:
            return True
    return False


def judge(original: Trace, ranks: Sequence[Trace], references: Sequence[Trace], unstable: Set[str]) -> list[Finding]:
    """Compare the processes with one another, with the reference, and with one process where that says something.

    Args:    references: the original on each process's batches, with averaged gradients. unstable: forms of printed
                 lines whose figures are never the same.
    """
    if failed := _failure(ranks):
        return [failed]
    findings = [*_replicas(ranks)]
    findings += _reference(ranks, references)
    findings += samples.judge(original, ranks)
    findings += [
        *_rates_by_epoch(original, ranks),
        *_files(ranks, references[0]),
        *_console(ranks, references[0], unstable),
    ]
    return findings


def _failure(ranks: Sequence[Trace]) -> Finding | None:
    """Report a process that did not finish; the error of one explains those of the others."""
    failed = [(rank, trace) for rank, trace in enumerate(ranks) if trace.error]
    if not failed:
        return None
    rank, trace = min(failed, key=lambda one: _follows(one[1].error))
    lines = [line.strip() for line in trace.error.strip().splitlines() if line.strip()]
    told = lines[0] if trace.error.startswith(_WAITED) else lines[-1]
    step = len(trace.of(Step)) + 1
    return Finding("run", Outcome.DIFFERENT, f"process {rank} at step {step}: {told}", step, trace.error_place)


def _follows(error: str) -> int:
    """Rate how likely an error follows from one of another process; 0 without any sign of it."""
    return 2 if error.startswith(_WAITED) else int(any(word in error for word in _LOST))


def _replicas(ranks: Sequence[Trace]) -> Iterator[Finding]:
    """Insist that all processes take the same steps, at the same rates, to the same parameters."""
    first = numbered(ranks[0], Step)
    for rank, trace in enumerate(ranks[1:], 1):
        steps = numbered(trace, Step)

        def told(one: Step, other: Step, rank: int = rank) -> str:
            between = f"processes 0 and {rank} differ"
            if one.optimizer != other.optimizer:
                return f"{between}: one steps {one.name}, the other {other.name}"
            if one.rates != other.rates:
                return f"{between}: learning rates {list(one.rates)} and {list(other.rates)}"
            if compare.gradients_off(one, other):
                return f"{between}: gradients of norm {figure(one.norm)} and {figure(other.norm)}"
            if [block.parameters for block in one.blocks] != [block.parameters for block in other.blocks]:
                return f"{between}: parameters"
            return ""

        different = compare.first("replicas", first, steps, told)
        different = different or compare.count("replicas", f"steps of process {rank}", first, steps, "of process 0")
        if different:
            yield different
            return
    yield compare.equal("replicas", f"{len(ranks)} processes have the same parameters after each of {len(first)} steps")


def _reference(ranks: Sequence[Trace], references: Sequence[Trace]) -> Iterator[Finding]:
    """Check that losses, gradients and rates are those of the reference."""
    for rank, reference in enumerate(references):
        if reference.error:
            told = reference.error.strip().splitlines()
            yield Finding("gradients", Outcome.UNKNOWN, f"the reference run failed on process {rank}: {told[-1]}")
            return
        if reference.end and reference.end.runtime:
            yield Finding(
                "gradients",
                Outcome.UNKNOWN,
                "the original already uses an Accelerator, so it cannot serve as the reference",
            )
            return
    yield from _losses(ranks, references)
    yield from _gradients(ranks[0], references[0])
    yield from _rates(ranks[0], references[0])


def _losses(ranks: Sequence[Trace], references: Sequence[Trace]) -> Iterator[Finding]:
    total = 0
    for rank, (trace, reference) in enumerate(zip(ranks, references, strict=True)):
        right, found = numbered(reference, Backward), numbered(trace, Backward)
        drift = Drift()

        def told(one: Backward, other: Backward, drift: Drift = drift, rank: int = rank) -> str:
            if drift.explains(compare.off_by(one.value, other.value, max(abs(one.value), 1e-2))):
                return ""
            return f"the loss on process {rank} is {figure(other.value)}, where the original has {figure(one.value)} on its batch"

        different = compare.first("losses", right, found, told)
        different = different or compare.count("losses", f"calls of backward on process {rank}", right, found)
        if different:
            yield different
            return
        total += len(right)
    yield compare.equal("losses", f"{total} losses are what the original computes on these batches")


def _gradients(trace: Trace, reference: Trace) -> Iterator[Finding]:
    right, found = numbered(reference, Step), numbered(trace, Step)
    drift = Drift()

    def told(one: Step, other: Step) -> str:
        if (one.optimizer, one.name) != (other.optimizer, other.name):
            return f"{other.name} steps, where {one.name} does in the original"
        if drift.explains(compare.gradients_off(one, other)):
            return ""
        return f"the norm of the gradients is {figure(other.norm)}, where the mean over the processes is {figure(one.norm)}"

    different = compare.first("gradients", right, found, told) or compare.count(
        "gradients", "optimizer steps", right, found
    )
    yield different or compare.equal(
        "gradients", f"at each of {len(right)} steps the mean of what the original computes"
    )


def _rates(trace: Trace, reference: Trace) -> Iterator[Finding]:
    right, found = numbered(reference, Step), numbered(trace, Step)

    def told(one: Step, other: Step) -> str:
        close = all(
            compare.off_by(a, b, max(abs(a), 1e-12)) < 1e-6 for a, b in zip(one.rates, other.rates, strict=False)
        )
        return "" if close and len(one.rates) == len(other.rates) else rates_differ(one, other)

    different = compare.first("learning rates", right, found, told)
    yield different or compare.equal("learning rates", "equal at every step")


def _rates_by_epoch(original: Trace, ranks: Sequence[Trace]) -> Iterator[Finding]:
    """Insist that an epoch ends with the learning rates that it ended with on one process; a schedule in batches need not."""
    if schedules_in_batches(original) or any(event.name in _ON_A_METRIC for event in original.of(Schedule)):
        return
    right = [*original.rates_by_walk()]
    for rank, trace in enumerate(ranks):
        found = [*trace.rates_by_walk()]
        for epoch, (one, other) in enumerate(zip(right, found, strict=False)):
            if one != other and _is_whole(original, epoch) and _is_whole(trace, epoch):
                told = f"pass {epoch + 1} of the training ends at {list(other)} on process {rank}, at {list(one)} on one process"
                yield Finding("learning rates by epoch", Outcome.DIFFERENT, told)
                return
    if len(right) > 1:
        yield compare.equal("learning rates by epoch", "an epoch has the rates that it had on one process")


def _is_whole(trace: Trace, epoch: int) -> bool:
    walks = trace.training_walks
    return epoch < len(walks) and walks[epoch] in trace.finished_walks


def _files(ranks: Sequence[Trace], reference: Trace) -> Iterator[Finding]:
    """Insist that one process writes each file, as often as the original does, with the same content."""
    writers = Counter(path for trace in ranks for path in trace.written)
    if twice := sorted(path for path, number in writers.items() if number > 1):
        yield from _written_twice(ranks, twice)
        return
    if reference.error:
        return
    if sorted(reference.written) != sorted(writers):
        lost, new = sorted(reference.written - set(writers)), sorted(set(writers) - reference.written)
        yield Finding("files", Outcome.DIFFERENT, f"written by no process: {lost[:3]}; also written: {new[:3]}")
        return
    saves = [pair for trace in ranks for pair in numbered(trace, Save)]
    right = numbered(reference, Save)
    different = compare.first("checkpoints", right, saves, lambda one, other: contents_differ(one, other, exact=False))
    different = different or compare.count("checkpoints", "checkpoints", right, saves)
    if different:
        yield different
    elif writers:
        yield compare.equal("files", f"each of {len(writers)} is written by one process")


def _written_twice(ranks: Sequence[Trace], paths: Sequence[str]) -> Iterator[Finding]:
    """Tell of each line of the script that writes files which another process writes, too."""
    by_place: dict[str, list[str]] = {}
    for path in paths:
        places = [place for trace in ranks[1:] for place in trace.writers(path)]
        by_place.setdefault(next(filter(None, places), ""), []).append(path)
    for place, found in by_place.items():
        yield Finding("files", Outcome.DIFFERENT, f"written by several processes: {found[:5]}", place=place)


def _console(ranks: Sequence[Trace], reference: Trace, unstable: Set[str]) -> Iterator[Finding]:
    """Insist that process 0 prints what the original prints, and that the others add nothing."""
    seen = [(rank, trace) for rank, trace in enumerate(ranks) if rank and (trace.lines or trace.prints)]
    others = next(iter(seen), None)
    if others:
        yield from _printed_too(ranks[0], *others)
    if reference.error:
        return
    if told := figures_differ(reference.lines, ranks[0].lines, unstable):
        yield Finding("console", Outcome.DIFFERENT, told)
    elif ranks[0].lines and not others:
        yield compare.equal("console", "process 0 prints what the original does, the others nothing")


def _printed_too(first: Trace, rank: int, trace: Trace) -> Iterator[Finding]:
    """Tell of each line of the script that prints on another process than the first."""
    more = more_than(first.lines, trace.lines)
    kind = "what process 0 does not" if more else "too"
    line = next((line for line in more or trace.lines if line.strip()), "")
    if not trace.prints:
        yield Finding("console", Outcome.DIFFERENT, f"process {rank} prints {kind}: {shown(line)}")
    for event in trace.prints:
        told = next((x for x in more if event.text in x), event.text)
        kind = "what process 0 does not" if told in more else "too"
        yield Finding("console", Outcome.DIFFERENT, f"process {rank} prints {kind}: {shown(told)}", place=event.place)


def is_dealt_out(ranks: Sequence[Trace]) -> bool:
    """Whether the processes train on different batches of known samples."""
    reads = [[event.indices for event in trace.of(Fetch) if event.walk in trace.training_walks] for trace in ranks]
    sized = all(event.size is not None for event in ranks[0].of(Fetch))
    return sized and any(one != reads[0] for one in reads[1:])


def judge_joined(ranks: Sequence[Trace], joined: Trace) -> tuple[list[Finding], list[str]]:
    """Say whether several processes train as one does that takes their batches as one; where not, that is no fault."""
    what = f"one process that takes the {len(ranks)} batches of each step as one"
    if joined.error:
        return [], [f"{what} fails: {joined.error.strip().splitlines()[-1]}"]
    right, found = numbered(joined, Step), numbered(ranks[0], Step)
    drift = Drift()

    def told(one: Step, other: Step) -> str:
        return (
            ""
            if drift.explains(compare.gradients_off(one, other))
            else f"{figure(one.norm)}, here {figure(other.norm)}"
        )

    if different := compare.first("joined batches", right, found, told):
        why = "batch normalisation, dropout, augmentation, or a loss that is not a mean over samples makes them differ"
        return [], [
            f"{what} has other gradients, of norm {different.told.partition(': ')[2]} at step {different.step}: {why}"
        ]
    return [compare.equal("joined batches", f"{what} has the same gradients at each of {len(found)} steps")], []


def legitimate(original: Trace, ranks: Sequence[Trace], repeated: Sequence[int]) -> list[str]:
    """Name what several processes do differently from one, as they should."""
    told = []
    world = len(ranks)
    if not any(event.walk in ranks[0].training_walks for event in ranks[0].of(Fetch)):
        told.append("without a DataLoader to shard, every process does all of the work")
    elif is_dealt_out(ranks):
        told.append(
            f"a step takes a batch on each process: {world} times the samples, and as many fewer steps to an epoch"
        )
    if repeated:
        told.append(f"a schedule that advances with every batch advances by {world} at each step")
    if any(event.size is None for trace in ranks for event in trace.of(Fetch)):
        told.append("a stream of samples cannot be replayed: which samples the processes read was not judged")
    return told
