"""Two processes: equal replicas, and at each step the gradients and rates of the handwritten reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from tests.oracle.alone import check_ended_well
from tests.oracle.difference import difference
from tests.oracle.trace import Backward, Step, Trace

# The order in which two numbers are added is free; everything else is exact.
TOLERANCE = 1e-5


def check_ended_together(ranks: Sequence[Trace]) -> None:
    """Insist that every process came to its end; an error of one explains the others'."""
    failed = sorted((trace for trace in ranks if trace.error), key=lambda trace: "Traceback" not in trace.error)
    for trace in failed:
        check_ended_well(f"process {next(i for i, one in enumerate(ranks) if one is trace)}", trace)


def check_replicas(ranks: Sequence[Trace]) -> None:
    """Insist that all processes take the same steps, at the same rates, to the same parameters."""
    first = ranks[0].of(Step)
    for rank, trace in enumerate(ranks[1:], 1):
        steps = trace.of(Step)
        assert len(steps) == len(first), f"process 0 takes {len(first)} steps, process {rank} {len(steps)}"
        for number, (one, other) in enumerate(zip(first, steps, strict=True)):
            told = difference(one.optimizer, other.optimizer, place="optimizer")
            told = told or difference(one.rates, other.rates, place="learning rates")
            told = told or difference(one.gradients, other.gradients, place="gradients")
            told = told or difference(one.parameters, other.parameters, place="parameters")
            assert not told, f"step {number}: process 0 and process {rank} differ: {told}"


def check_reference(ranks: Sequence[Trace], references: Sequence[Trace]) -> None:
    """Insist on the losses, gradients, rates and parameters of the original, averaged by hand.

    The reference knows nothing of our runtime: its gradient before a step is the mean over the processes of what the
    original computes on each process's own batches.
    """
    for rank, (trace, reference) in enumerate(zip(ranks, references, strict=True)):
        check_ended_well(f"the reference on process {rank}", reference)
        assert "runtime" not in reference.modules, "the reference imports the runtime that it is to judge"
        assert trace.losses, "nothing is trained"
        kinds = (Backward, Step)
        right = [event for event in reference.events if type(event) in kinds]
        found = [event for event in trace.events if type(event) in kinds]
        for number, (one, other) in enumerate(zip(right, found, strict=True)):
            told = difference(_without_random(one), _without_random(other), TOLERANCE)
            assert not told, f"event {number} of process {rank}, by hand and migrated: {told}"


def _without_random(event: Backward | Step) -> dict[str, Any]:
    """What can be compared: a sampler of the original has drawn seeds that the reference's batches make useless."""
    return {
        "kind": type(event).__name__,
        **{f.name: getattr(event, f.name) for f in fields(event) if f.name != "random"},
    }


def check_rates_by_epoch(original: Trace, ranks: Sequence[Trace]) -> None:
    """Insist that an epoch ends with the learning rates that it ended with on one process."""
    right = list(original.rates_by_walk())
    for rank, trace in enumerate(ranks):
        told = difference(right, list(trace.rates_by_walk()), place="epoch")
        assert not told, f"learning rates on one process and on process {rank} of two: {told}"
