"""Gathering, reducing and padding, on one process and on two."""

from __future__ import annotations

import warnings
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import pytest
import torch

from runtime import Accelerator, CannotPadNestedTensorWarning, DistributedOperationException, SettingsError

Pair = Callable[..., list[Any]]
Point = namedtuple("Point", "x y")


def check_gather() -> None:
    accelerator = Accelerator()
    rank = accelerator.process_index
    tree = {"a": torch.tensor([rank]), "b": (torch.tensor(float(rank)), [torch.full((1, 2), rank, dtype=torch.uint8)])}
    gathered = accelerator.gather(tree)
    assert gathered["a"].tolist() == [0, 1]
    assert isinstance(gathered["b"], tuple) and gathered["b"][0].tolist() == [0.0, 1.0]
    assert gathered["b"][1][0].tolist() == [[0, 0], [1, 1]] and gathered["b"][1][0].dtype == torch.uint8
    point = accelerator.gather(Point(torch.tensor([True]), torch.tensor([rank == 0])))
    assert type(point) is Point and point.y.tolist() == [True, False]
    strided = torch.arange(6.0).reshape(2, 3).t()[: 2 + rank * 0]
    assert torch.equal(accelerator.gather(strided), torch.cat([strided, strided]))
    with pytest.raises(TypeError, match="Unsupported types"):
        accelerator.gather([torch.ones(1), 3])


def check_reduce() -> None:
    accelerator = Accelerator()
    value = torch.tensor([1.0, 4.0]) * (1 + accelerator.process_index)
    before = value.clone()
    assert accelerator.reduce(value).tolist() == [3.0, 12.0]
    assert accelerator.reduce({"v": [value]}, "mean")["v"][0].tolist() == [1.5, 6.0]
    assert accelerator.reduce(value, "max").tolist() == [2.0, 8.0]
    assert accelerator.reduce(value, "sum", scale=0.5).tolist() == [1.5, 6.0]
    assert accelerator.reduce(torch.tensor([accelerator.process_index]), "mean").tolist() == [0.5]
    copied = accelerator.reduce(value, "none")
    assert torch.equal(copied, value) and copied is not value
    assert torch.equal(value, before), "the argument stays as it is"


def check_pad() -> None:
    accelerator = Accelerator()
    rank = accelerator.process_index
    rows = torch.ones(2 + rank, 2 - rank)
    assert accelerator.pad_across_processes(rows).shape == (3, 2 - rank)
    wide = accelerator.pad_across_processes(rows, dim=-1, pad_index=7)
    assert wide.shape == (2 + rank, 2) and (rank == 0 or wide[:, 1].tolist() == [7.0] * 3)
    first = accelerator.pad_across_processes({"r": rows}, pad_index=5, pad_first=True)["r"]
    assert rank == 1 or first[0].tolist() == [5.0, 5.0]
    assert accelerator.pad_across_processes(rows, dim=2) is rows, "no such dimension"
    nested = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert accelerator.pad_across_processes(nested) is nested
    assert any(warning.category is CannotPadNestedTensorWarning for warning in caught)


def check_shapes_in_debug_mode() -> str:
    accelerator = Accelerator()
    accelerator.state.debug = True
    try:
        accelerator.gather({"scores": torch.ones(2 + accelerator.process_index)})
    except DistributedOperationException as error:
        return str(error)
    finally:
        accelerator.state.debug = False
    return "no error"


def check_objects() -> list[Any]:
    accelerator = Accelerator()
    rank = accelerator.process_index
    by_choice = accelerator.gather_for_metrics([torch.ones(rank + 1)], use_gather_object=True)
    assert [len(tensor) for tensor in by_choice] == [1, 2]
    return accelerator.gather_for_metrics([{"rank": rank, "name": f"r{rank}"}])


@pytest.mark.parametrize("check", [check_gather, check_reduce, check_pad], ids=["gather", "reduce", "pad"])
def test_nested_tensors_on_two_processes(pair: Pair, check: Callable[[], None]) -> None:
    pair(check)


def test_unequal_shapes_are_told_in_debug_mode(pair: Pair) -> None:
    for message in pair(check_shapes_in_debug_mode):
        assert "Process 0: [(2,)]" in message and "Process 1: [(3,)]" in message and "pad_across_processes" in message


def test_objects_are_gathered_into_one_list(pair: Pair) -> None:
    assert pair(check_objects) == [[{"rank": 0, "name": "r0"}, {"rank": 1, "name": "r1"}]] * 2


def test_one_process_gets_back_what_it_gave() -> None:
    accelerator = Accelerator(cpu=True)
    data = {"x": torch.arange(3), "name": "n"}
    assert accelerator.gather(data) is data
    assert accelerator.gather_for_metrics(data) is data
    assert accelerator.pad_across_processes(data) is data
    value = torch.ones(2)
    assert torch.equal(accelerator.reduce(value, "mean"), value) and accelerator.reduce(value) is not value


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(SettingsError, match="choose from sum, mean, max, none"):
        Accelerator(cpu=True).reduce(torch.ones(1), "median")
