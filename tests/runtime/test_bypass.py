"""A method other than forward that computes a loss: averaged all the same, or refused with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from runtime import Accelerator, DistributedDataParallelKwargs

Pair = Callable[..., list[Any]]


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(3, 2)
        self.decoder = nn.Linear(2, 3)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.encoder(x)

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        return (self(x) - x).square().mean()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encode(x).tanh())


WAYS: dict[str, Callable[[Any, torch.Tensor], torch.Tensor]] = {
    "a method that calls forward": lambda model, x: model.loss(x),
    "a method that does not": lambda model, x: model.encode(x).square().mean(),
    "a part": lambda model, x: model.decoder(torch.ones(2)).mean() * x.mean(),
    "the module inside": lambda model, x: model.module(x).square().mean(),
    "a parameter": lambda model, x: model.encoder.weight.square().sum() * x.mean(),
    "forward and a method": lambda model, x: model(x).mean() + model.encode(x).square().mean(),
}


def _batch(rank: int) -> torch.Tensor:
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(rank))


def check_average(way: str) -> None:
    torch.manual_seed(0)
    accelerator = Accelerator()
    model = accelerator.prepare(Autoencoder())
    for _ in range(2):
        model.zero_grad()
        accelerator.backward(WAYS[way](model, _batch(accelerator.process_index)))
    averaged = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    raw = model.module
    raw.module = raw  # so that every way goes for it too
    raw.zero_grad()
    for rank in range(accelerator.num_processes):
        (WAYS[way](raw, _batch(rank)) / accelerator.num_processes).backward()
    for mine, parameter in zip(averaged, model.parameters(), strict=True):
        assert (mine is None) == (parameter.grad is None)
        if mine is not None:
            torch.testing.assert_close(mine, parameter.grad)


@pytest.mark.parametrize("way", WAYS)
def test_whatever_computes_the_loss_its_gradients_are_averaged(pair: Pair, way: str) -> None:
    pair(check_average, way=way)


def check_refusal(option: str | None) -> list[str]:
    handlers = [DistributedDataParallelKwargs(**{option: True})] if option else []
    accelerator = Accelerator(kwargs_handlers=handlers)
    raw = Autoencoder()
    model, optimizer = accelerator.prepare(raw, torch.optim.SGD(raw.parameters(), lr=0.1))
    x = _batch(accelerator.process_index)
    for _ in range(2):  # as usual
        optimizer.zero_grad()
        accelerator.backward(model(x).mean())
        optimizer.step()
    optimizer.zero_grad()
    before = [parameter.clone() for parameter in model.parameters()]
    with pytest.raises(RuntimeError) as caught:
        if option:
            accelerator.backward(model.loss(x))
        else:
            model.loss(x).backward()
            optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    return [str(caught.value)]


@pytest.mark.parametrize("option", [None, "find_unused_parameters", "static_graph"])
def test_gradients_of_one_process_are_never_stepped_with(pair: Pair, option: str | None) -> None:
    for (message,) in pair(check_refusal, option=option):
        assert "past the prepared model's forward" in message
        assert ("leave out the option" if option else "Write `accelerator.backward(loss)`") in message


def check_no_sync() -> None:
    """Steps with local gradients that were asked for: local SGD."""
    accelerator = Accelerator()
    raw = Autoencoder()
    model, optimizer = accelerator.prepare(raw, torch.optim.SGD(raw.parameters(), lr=0.1))
    for _ in range(3):
        with accelerator.no_sync(model):
            accelerator.backward(model(_batch(accelerator.process_index)).square().mean())
        optimizer.step()
        optimizer.zero_grad()
    rows = accelerator.gather(model.encoder.weight[None])
    assert not torch.equal(rows[0], rows[1])


def test_gradients_that_are_meant_to_stay_local_may_step(pair: Pair) -> None:
    pair(check_no_sync)
