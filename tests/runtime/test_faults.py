"""What goes wrong between processes is told with their ranks, and holds nobody."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset

from runtime import Accelerator, DistributedOperationException, InitProcessGroupKwargs
from runtime.errors import ProcessLost
from tests.runtime.processes import Team

Pair = Callable[..., list[Any]]
Teams = Callable[[int], Callable[..., list[Any]]]


class Stream(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(40))


def _meet(accelerator: Accelerator, operation: str) -> None:
    if operation == "gather":
        accelerator.gather(torch.ones(3))
    elif operation == "reduce":
        accelerator.reduce(torch.ones(3))
    elif operation == "objects":
        accelerator.gather_for_metrics(["a", "b"])
    elif operation == "barrier":
        accelerator.wait_for_everyone()
    elif operation == "stream":
        list(accelerator.prepare(DataLoader(Stream(), batch_size=2)))


def check_loss(operation: str, lost: int, how: str) -> str:
    group = InitProcessGroupKwargs(timeout=timedelta(seconds=2 if how == "hangs" else 60))
    accelerator = Accelerator(kwargs_handlers=[group])
    model = accelerator.prepare(torch.nn.Linear(2, 1))
    for _ in range(2):  # everything stands
        accelerator.backward(model(torch.ones(1, 2)).sum())
        accelerator.gather(torch.ones(1))
    if accelerator.process_index == lost:
        if how == "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "ends":
            os._exit(3)
        time.sleep(8.0)
    try:
        if operation == "backward":
            for _ in range(3):
                accelerator.backward(model(torch.ones(1, 2)).sum())
        else:
            _meet(accelerator, operation)
    except ProcessLost as error:
        return str(error)
    return "went on"


@pytest.mark.parametrize(
    ("operation", "lost", "how"),
    [
        ("backward", 1, "is killed"),
        ("gather", 0, "is killed"),
        ("barrier", 2, "ends"),
        ("objects", 1, "ends"),
        ("stream", 0, "is killed"),
        ("reduce", 1, "hangs"),
    ],
)
def test_a_process_that_is_gone_takes_the_others_down_by_name(operation: str, lost: int, how: str) -> None:
    team = Team(3)
    try:
        began = time.monotonic()
        answers = team.ask(check_loss, limit_s=45.0, operation=operation, lost=lost, how=how)
    finally:
        team.close()
    assert time.monotonic() - began < 40, "long before the group's own limit of a minute"
    for rank in {0, 1, 2} - {lost}:
        told = answers[rank].get("result", answers[rank])
        word = "waited in vain for" if how == "hangs" else "lost"
        assert told.startswith(f"Process {rank} of 3 {word} process {lost} in "), told


def check_shapes(operation: str) -> list[str]:
    accelerator = Accelerator()
    rank = accelerator.process_index
    told = []
    for data in (
        torch.ones(2 + rank, 3),
        {"a": torch.ones(2), "b": [torch.ones(1 + rank)]},
        (torch.ones(2),) * (1 + rank),
    ):
        with pytest.raises(DistributedOperationException) as caught:
            getattr(accelerator, operation)(data)
        told.append(str(caught.value))
    assert accelerator.gather(torch.ones(1)).tolist() == [1.0] * accelerator.num_processes, "and life goes on"
    return told


@pytest.mark.parametrize("operation", ["gather", "reduce", "gather_for_metrics"])
def test_different_shapes_are_told_with_their_processes(pair: Pair, operation: str) -> None:
    for plain, nested, longer in pair(check_shapes, operation=operation):
        assert "- Process 0: [(2, 3)]" in plain and "- Process 1: [(3, 3)]" in plain
        assert "- Process 0: [(2,), (1,)]" in nested and "- Process 1: [(2,), (2,)]" in nested
        assert "- Process 0: [(2,)]" in longer and "- Process 1: [(2,), (2,)]" in longer
        assert "pad_across_processes" in plain


def check_padding() -> str:
    accelerator = Accelerator()
    padded = accelerator.pad_across_processes(torch.ones(2, 1 + accelerator.process_index), dim=1)
    assert padded.shape == (2, 2)
    with pytest.raises(DistributedOperationException) as caught:
        accelerator.pad_across_processes(torch.ones([1] * (1 + accelerator.process_index)))
    return str(caught.value)


def test_tensors_of_different_dimensions_cannot_be_padded(pair: Pair) -> None:
    for told in pair(check_padding):
        assert "`pad_across_processes` needs" in told and "- Process 0: [1]" in told and "- Process 1: [2]" in told


def check_operations() -> str:
    """The classic: one process makes a call that all have to make."""
    accelerator = Accelerator()
    with pytest.raises(DistributedOperationException) as caught:
        if accelerator.is_main_process:
            accelerator.gather(torch.ones(2))
        accelerator.wait_for_everyone()
    return str(caught.value)


def test_a_collective_under_a_condition_is_told_of(pair: Pair) -> None:
    for told in pair(check_operations):
        assert "different collectives" in told
        assert "- Process 0: gather" in told and "- Process 1: wait_for_everyone" in told
        assert "is_main_process" in told
