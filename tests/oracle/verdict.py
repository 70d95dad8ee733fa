"""Everything that the oracle has to say about one migrated program."""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracle.alone import check_alone, check_ended_well, check_losses
from tests.oracle.laboratory import Laboratory
from tests.oracle.output import check_console, check_files
from tests.oracle.program import Program
from tests.oracle.samples import check_samples
from tests.oracle.script import Facts
from tests.oracle.together import check_ended_together, check_rates_by_epoch, check_reference, check_replicas
from tests.oracle.trace import Trace


def check_one_process(laboratory: Laboratory, before: Program, after: Program, facts: Facts) -> None:
    """Insist that one process computes what it did, to the last bit."""
    check_alone(laboratory.alone(before, facts.launches), laboratory.alone(after, facts.launches))


def check_accelerate(laboratory: Laboratory, before: Program, after: Program, facts: Facts) -> None:
    """Insist on the same losses under Hugging Face Accelerate, on one process.

    Args:    after: migrated with ``--target accelerate``.
    """
    traces = laboratory.alone(after, facts.launches, accelerate=True)
    if facts.reads_ahead:
        for launch, trace in enumerate(traces):
            check_ended_well(f"launch {launch}", trace)
    else:
        check_losses(laboratory.alone(before, facts.launches), traces)


def check_two_processes(laboratory: Laboratory, before: Program, after: Program, facts: Facts) -> None:
    """Insist that two processes train as two processes should, judged by the original spelled out by hand."""
    original = laboratory.alone(before, facts.launches)
    together = laboratory.together(after, facts.launches)
    for ranks in together:
        check_ended_together(ranks)
    references = laboratory.by_hand(before, together, facts.launches, facts.schedule == "batch")
    for alone, ranks, by_hand in zip(original, together, references, strict=True):
        check_invariants(alone, ranks, facts)
        if alone.losses:
            check_reference(ranks, by_hand)
        check_files(ranks, by_hand[0])
        check_console(ranks, by_hand[0], not facts.others_print)


def check_invariants(alone: Trace, ranks: Sequence[Trace], facts: Facts) -> None:
    """Insist on what needs no reference: equal replicas, each sample once, the rates of each epoch."""
    check_replicas(ranks)
    check_samples(alone, ranks)
    if facts.schedule == "epoch":
        check_rates_by_epoch(alone, ranks)


def check_everything(
    laboratory: Laboratory, before: Program, after: Program, for_accelerate: Program, facts: Facts
) -> None:
    """Insist on all of it."""
    check_one_process(laboratory, before, after, facts)
    check_two_processes(laboratory, before, after, facts)
    check_accelerate(laboratory, before, for_accelerate, facts)
