"""Two processes: each file is written once, with the names that it always had, and each line is printed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.oracle.difference import difference
from tests.oracle.together import TOLERANCE
from tests.oracle.trace import Save, Trace


def check_files(ranks: Sequence[Trace], reference: Trace) -> None:
    """Insist that one process writes each file, as often as the original does, with the same content."""
    writers = Counter(path for trace in ranks for path in trace.written)
    twice = sorted(path for path, count in writers.items() if count > 1)
    assert not twice, f"written by several processes: {twice}"
    told = difference(sorted(reference.written), sorted(writers), place="files")
    saves = [event for trace in ranks for event in trace.of(Save)]
    told = told or difference(reference.of(Save), saves, TOLERANCE, "checkpoints")
    assert not told, f"by hand and migrated: {told}"


def check_console(ranks: Sequence[Trace], reference: Trace, others_are_silent: bool) -> None:
    """Insist that process 0 prints what the original prints, and that the others add nothing.

    Args:    others_are_silent: every ``print`` of the script has been migrated; else the others may repeat lines.
    """
    told = difference(reference.lines, ranks[0].lines, place="console")
    assert not told, f"by hand and migrated: {told}"
    for rank, trace in enumerate(ranks[1:], 1):
        if others_are_silent:
            assert not trace.lines, f"process {rank} prints too: {trace.lines[0]!r}"
        else:
            more = Counter(map(_without_numbers, trace.lines)) - Counter(map(_without_numbers, ranks[0].lines))
            assert not more, f"process {rank} prints what process 0 does not: {next(iter(more))!r}"


def _without_numbers(line: str) -> str:
    """What a process computes on its own batches may differ in the figures."""
    return "".join(character for character in line if not character.isdigit() and character not in ".-+e")
