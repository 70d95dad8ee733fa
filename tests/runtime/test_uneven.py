"""Training with another number of batches on every process."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from runtime import Accelerator, DataLoaderConfiguration

Pair = Callable[..., list[Any]]


class Stream(IterableDataset[int]):
    """Three samples."""

    def __iter__(self) -> Any:
        yield from range(3)


class Net(nn.Module):
    """With a buffer that follows the batches, and a head that is used now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(1)
        self.first, self.second = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)

    def forward(self, x: torch.Tensor, second: bool = False) -> torch.Tensor:
        return (self.second if second else self.first)(self.norm(x))


def check_join(by_accelerator: bool) -> list[Any]:
    accelerator = Accelerator(dataloader_config=DataLoaderConfiguration(even_batches=False))
    torch.manual_seed(0)
    net = Net()
    net.second.requires_grad_(by_accelerator)  # torch's own backward has to reach every parameter
    model, loader = accelerator.prepare(net, DataLoader(TensorDataset(torch.rand(10, 1)), batch_size=2))
    optimizer = accelerator.prepare(torch.optim.SGD(net.parameters(), lr=0.1))
    steps = 0
    with accelerator.join_uneven_inputs([model]):
        for step, (x,) in enumerate(loader):
            loss = model(x, second=by_accelerator and step == 1).square().mean()
            accelerator.backward(loss) if by_accelerator else loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            steps += 1
    accelerator.wait_for_everyone()
    return [steps, [parameter.tolist() for parameter in model.parameters()], model.norm.num_batches_tracked.item()]


@pytest.mark.parametrize("by_accelerator", [False, True], ids=["loss.backward", "accelerator.backward"])
def test_a_process_without_batches_takes_part_in_the_averages(pair: Pair, by_accelerator: bool) -> None:
    first, second = pair(check_join, by_accelerator=by_accelerator)
    assert [first[0], second[0]] == [3, 2]
    assert first[1] == second[1], "the replicas stay alike"


def check_override() -> list[Any]:
    accelerator = Accelerator()
    model = accelerator.prepare(nn.Linear(1, 1))
    loader = accelerator.prepare(DataLoader(TensorDataset(torch.rand(3, 1)), batch_size=1))
    lengths = [len(loader)]
    with pytest.raises(ZeroDivisionError), accelerator.join_uneven_inputs([model], even_batches=False):
        lengths.append(len(loader))
        raise ZeroDivisionError
    lengths.append(len(loader))
    accelerator.prepare(DataLoader(Stream(), batch_size=1))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with accelerator.join_uneven_inputs([model], even_batches=True):
            pass
        with accelerator.join_uneven_inputs([object()]):
            pass
    return [lengths, [str(warning.message).split(",")[0] for warning in caught]]


def test_loaders_are_uneven_inside_alone(pair: Pair) -> None:
    first, second = pair(check_override)
    assert first[0] == [2, 2, 2] and second[0] == [2, 1, 2]
    assert first[1] == [
        "Overriding even_batches is only supported for map-style datasets",
        "Joining uneven inputs is only supported for multi-GPU and multi-CPU training of prepared models",
    ]


def test_one_process_has_nothing_to_join() -> None:
    accelerator = Accelerator(cpu=True)
    model, loader = accelerator.prepare(nn.Linear(1, 1), DataLoader(torch.ones(5, 1), batch_size=2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with accelerator.join_uneven_inputs([model], even_batches=False):
            assert [len(model(x)) for x in loader] == [2, 2, 1]
    assert [str(warning.message) for warning in caught] == []
