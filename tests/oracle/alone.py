"""One process: the migrated script does what the original did, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracle.difference import difference
from tests.oracle.trace import Backward, Fetch, Save, Step, Trace


def check_alone(before: Sequence[Trace], after: Sequence[Trace]) -> None:
    """Insist on the same losses, gradients, rates, parameters, samples, random streams, checkpoints and console.

    Raises:  AssertionError that names the first difference.
    """
    for launch, (original, migrated) in enumerate(zip(before, after, strict=True)):
        check_ended_well(f"launch {launch}: the original", original)
        check_ended_well(f"launch {launch}: the migrated script", migrated)
        kinds = (Fetch, Backward, Step, Save)
        told = difference(
            [event for event in original.events if type(event) in kinds],
            [event for event in migrated.events if type(event) in kinds],
        )
        told = told or difference(sorted(original.written), sorted(migrated.written), place="files")
        told = told or difference(original.random, migrated.random, place="random streams at the end")
        told = told or difference(original.lines, migrated.lines, place="console")
        assert not told, f"launch {launch} differs on one process: {told}"


def check_losses(before: Sequence[Trace], after: Sequence[Trace]) -> None:
    """Insist on the same losses and parameters alone, for a runtime that reads ahead."""
    for launch, (original, migrated) in enumerate(zip(before, after, strict=True)):
        check_ended_well(f"launch {launch}", migrated)
        told = difference(original.losses, migrated.losses, place="losses")
        told = told or difference(
            [event.parameters for event in original.of(Step)],
            [event.parameters for event in migrated.of(Step)],
            place="parameters",
        )
        assert not told, f"launch {launch} differs on one process: {told}"


def check_ended_well(what: str, trace: Trace) -> None:
    """Insist that a run came to its end."""
    assert not trace.error, f"{what} failed:\n{trace.error}"
