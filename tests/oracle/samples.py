"""Two processes: together they read each sample of the training data once an epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.oracle.trace import Trace


def expected_reads(size: int, batch_size: int, processes: int) -> int:
    """Count the samples that all processes read in an epoch: the last round of batches is filled up."""
    rounds = -(-size // (batch_size * processes))
    return rounds * batch_size * processes


def check_samples(original: Trace, ranks: Sequence[Trace]) -> int:
    """Insist that every epoch reads every sample, and none twice but to fill the last round; count the epochs.

    A pass that is broken off half way may leave samples out. Outside of training every process reads what one does.
    """
    complete = 0
    for walk in ranks[0].training_walks:
        fetches = ranks[0].batches(walk)
        size, batch_size = fetches[0].size, max(len(fetch.indices) for fetch in fetches)
        assert size is not None
        reads = Counter(index for trace in ranks for fetch in trace.batches(walk) for index in fetch.indices)
        total = expected_reads(size, batch_size, len(ranks))
        repeated = reads.total() - len(reads)
        assert repeated <= total - size, f"pass {walk}: {repeated} samples are read twice, where {total - size} fill up"
        assert max(reads.values()) <= 2, f"pass {walk}: a sample is read {max(reads.values())} times"
        if all(walk in trace.finished_walks for trace in ranks):
            complete += 1
            assert len(reads) == size, f"epoch {walk}: {size - len(reads)} of {size} samples are read by no process"
            assert reads.total() == total, f"epoch {walk}: {reads.total()} samples are read instead of {total}"
    _check_whole_passes(original, ranks)
    return complete


def _check_whole_passes(original: Trace, ranks: Sequence[Trace]) -> None:
    right = _reads_outside_training(original)
    for rank, trace in enumerate(ranks):
        reads = _reads_outside_training(trace)
        assert reads == right, f"process {rank} evaluates other samples than one process does"


def _reads_outside_training(trace: Trace) -> list[tuple[int, ...]]:
    training = set(trace.training_walks)
    walks = dict.fromkeys(fetch.walk for fetch in trace.events if hasattr(fetch, "indices"))
    kept = [walk for walk in walks if walk not in training and walk in trace.finished_walks]
    return [tuple(sorted(i for fetch in trace.batches(walk) for i in fetch.indices)) for walk in kept]
