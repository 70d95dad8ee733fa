"""Several processes: together they read each sample of the training data once an epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from migrator.verify.judge.compare import equal, numbered
from migrator.verify.result import Finding, Outcome
from migrator.verify.trace import Fetch, Trace

_ASPECT = "samples"


def judge(original: Trace, ranks: Sequence[Trace]) -> Iterator[Finding]:
    """Insist that every epoch reads every sample, and none twice but to fill the last round.

    A pass that is broken off half way may leave samples out. Outside of training every process reads what one does.
    """
    epochs = 0
    for walk in ranks[0].training_walks:
        told = _epoch(walk, original, ranks)
        if told:
            step, fetch = next(x for x in numbered(ranks[0], Fetch) if x[1].walk == walk)
            yield Finding(_ASPECT, Outcome.DIFFERENT, told, step, fetch.place)
            return
        epochs += all(walk in trace.finished_walks for trace in ranks)
    right = _reads_outside_training(original)
    for rank, trace in enumerate(ranks):
        found = _reads_outside_training(trace)
        shorter = min(len(right), len(found))
        if found[:shorter] != right[:shorter]:
            yield Finding(_ASPECT, Outcome.DIFFERENT, f"process {rank} evaluates other samples than one process does")
            return
    if ranks[0].training_walks:
        yield equal(
            _ASPECT, f"each is read once per epoch ({epochs} complete), except for the padding of the last round"
        )


def _epoch(walk: int, original: Trace, ranks: Sequence[Trace]) -> str:
    """Say what is wrong with a pass; empty where nothing is, or where it cannot be told: a stream, or draws with replacement."""
    fetches = [trace.batches(walk) for trace in ranks]
    if not all(fetches):
        return f"pass {walk}: process {next(i for i, found in enumerate(fetches) if not found)} reads nothing"
    first = fetches[0][0]
    whole = _whole_epoch(original, first)
    if first.size is None or (whole and max(whole.values()) > 1):
        return ""
    reads = Counter(index for found in fetches for fetch in found for index in fetch.indices)
    batch = max(len(fetch.indices) for found in fetches for fetch in found)
    complete = all(walk in trace.finished_walks for trace in ranks)
    padding = _padding(len(whole) or first.size, len(ranks) * batch) if complete else max(0, reads.total() - first.size)
    repeated = reads.total() - len(reads)
    missing = len(whole) - len(reads) if complete and whole else 0
    may_miss = 0 if len(whole) >= first.size else len(ranks) * batch - 1
    wrong = {
        f"{repeated} samples of {first.dataset} are read twice, where {padding} are needed to fill the last round": (
            repeated,
            padding,
        ),
        f"{missing} of {len(whole)} samples of {first.dataset} are read by no process": (missing, may_miss),
    }
    told = [told for told, (number, allowed) in wrong.items() if number > allowed]
    return f"pass {walk}: {max(told, key=lambda one: wrong[one])}" if told else ""


def _padding(samples: int, round_: int) -> int:
    """Count what fills up the last round."""
    return -samples % round_


def _whole_epoch(original: Trace, like: Fetch) -> Counter[int | str]:
    """Count what the original reads in a whole pass of training over the dataset; nothing where it did not finish one."""
    for walk in original.training_walks:
        fetches = original.batches(walk)
        if (fetches[0].dataset, fetches[0].size) == (like.dataset, like.size):
            reads = Counter(index for fetch in fetches for index in fetch.indices)
            if walk in original.finished_walks or max(reads.values(), default=0) > 1:
                return reads
    return Counter()


def _reads_outside_training(trace: Trace) -> list[tuple[str, ...]]:
    training = set(trace.training_walks)
    walks = dict.fromkeys(event.walk for event in trace.events if isinstance(event, Fetch))
    kept = [walk for walk in walks if walk not in training and walk in trace.finished_walks]
    return [tuple(sorted(str(i) for fetch in trace.batches(walk) for i in fetch.indices)) for walk in kept]
