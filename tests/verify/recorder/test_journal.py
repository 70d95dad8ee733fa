"""The journal is a file of lines, each there as soon as it is noted; it ends the process after its steps."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import torch

from migrator.verify import trace
from migrator.verify.recorder import streams
from migrator.verify.recorder.journal import Journal
from migrator.verify.trace import Backward, Block, End, Finish, Leaf, Save, Step, Streams, from_line, to_line

STEP = Step(0, "SGD", (0.1, 1e-30), (Block("4.0a", 0.5, (0.25, float("inf"))),), "0b", "train.py:9")
SAVE = Save("model.pt", {"": True, "/w": Leaf("float32[2] 2.0a", 1.5), "/é": "\u2028\n", "/none": None}, "train.py:3")


def _events(path: Path) -> list[object]:
    return [from_line(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def _forked(work: Callable[[], object]) -> int:
    """Do something in a process of its own, and give its exit code."""
    process = os.fork()
    if not process:
        try:
            work()
        finally:
            os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@pytest.mark.parametrize(
    "event", [STEP, SAVE, Finish(2), End("failed", "a\nb", "0b", True)], ids=lambda one: type(one).__name__
)
def test_an_event_is_a_line_that_is_read_as_it_was(event: object) -> None:
    line = to_line(event)
    assert line.count("\n") == 1 and line.isascii()
    assert from_line(line) == event


def test_every_kind_of_event_is_written_by_its_fields() -> None:
    for kind in trace._KINDS.values():
        assert kind.__slots__ == tuple(field.name for field in fields(kind)), kind


def test_an_event_is_there_as_soon_as_it_is_noted(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "trace"), str(tmp_path), 0)
    for number in range(3):
        journal.note(Finish(number))
        assert _events(tmp_path / "trace")[number:] == [Finish(number)]


def test_a_state_is_written_where_it_is_new(tmp_path: Path) -> None:
    before = streams.Reader().read()
    journal = Journal(str(tmp_path / "trace"), str(tmp_path), 0)
    first = journal.streams()
    assert journal.streams() == first
    torch.rand(1)
    second = journal.streams()
    random.random()
    third = journal.streams()
    streams.restore(before)
    assert journal.streams() == first != second != third
    written = [event for event in _events(tmp_path / "trace") if isinstance(event, Streams)]
    assert [event.digest for event in written] == [first, second, third, first]
    whole, *changes = (set(streams.decode(event.changed)) for event in written)
    assert whole == set(before)
    assert changes == [{"torch"}, {"python"}, {"torch", "python"}]


def test_a_forked_process_writes_nothing(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "trace"), str(tmp_path), 1)

    def work() -> None:
        journal.note(Backward(1.0, "train.py:1"))
        journal.count_step()

    assert _forked(work) == 3  # it went on after the only step
    assert _events(tmp_path / "trace") == []


def test_the_process_ends_after_its_steps(tmp_path: Path) -> None:
    def work() -> None:
        journal = Journal(str(tmp_path / "trace"), str(tmp_path), 2)
        for _ in range(3):
            journal.note(Finish(0))
            journal.count_step()

    assert _forked(work) == 0
    *events, end = _events(tmp_path / "trace")
    assert [event for event in events if not isinstance(event, Streams)] == [Finish(0)] * 2
    assert isinstance(end, End) and end.how == "stopped"


def test_nothing_is_noted_after_the_end(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "trace"), str(tmp_path), 0)
    journal.end("finished")
    journal.note(Finish(0))
    assert isinstance(_events(tmp_path / "trace")[-1], End)
