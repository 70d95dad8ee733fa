"""Training on two processes beyond one backward: accumulation, freezing, sharing, and what torch does by itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import nn

from runtime import Accelerator, DistributedDataParallelKwargs

Pair = Callable[..., list[Any]]


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(3, 4)
        self.heads = nn.ModuleList([nn.Linear(4, 1), nn.Linear(4, 1)])

    def forward(self, x: torch.Tensor, head: int = 0) -> torch.Tensor:
        return self.heads[head](self.body(x).tanh())


def _batch(accelerator: Accelerator, step: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(100 * step + accelerator.process_index)
    return torch.randn(4, 3, generator=generator)


def _average(accelerator: Accelerator, parameters: Sequence[torch.Tensor]) -> None:
    """Average by hand the gradients that exist; the same exist everywhere."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad = accelerator.reduce(parameter.grad, "mean")


def _assert_gradients(model: nn.Module, expected: nn.Module) -> None:
    for (name, mine), their in zip(model.named_parameters(), expected.parameters(), strict=True):
        assert (mine.grad is None) == (their.grad is None), name
        if mine.grad is not None:
            torch.testing.assert_close(mine.grad, their.grad, rtol=1e-5, atol=1e-7, msg=lambda m, n=name: n + m)


def check_accumulation(steps: int, heads: list[int]) -> int:
    """Seven batches, each through its own head: the groups of a handwritten loop, its last one included."""
    torch.manual_seed(0)
    accelerator = Accelerator(gradient_accumulation_steps=steps)
    raw = Heads()
    plain = copy.deepcopy(raw)
    without_optimizer = torch.optim.SGD(plain.parameters(), lr=0.1, momentum=0.9)
    model, optimizer = accelerator.prepare(raw, torch.optim.SGD(raw.parameters(), lr=0.1, momentum=0.9))
    loader = accelerator.prepare(torch.utils.data.DataLoader(range(14)))
    taken = 0
    for index, _ in enumerate(loader):
        x, head = _batch(accelerator, index), heads[index % len(heads)]
        with accelerator.accumulate(model):
            accelerator.backward(model(x, head).square().mean())
            ends = accelerator.sync_gradients
            optimizer.step()
            optimizer.zero_grad()
        (plain(x, head).square().mean() / steps).backward()
        assert ends == ((index + 1) % steps == 0 or index == 6)
        if ends:
            _average(accelerator, list(plain.parameters()))
            without_optimizer.step()
            without_optimizer.zero_grad()
            taken += 1
        torch.testing.assert_close(list(model.parameters()), list(plain.parameters()), rtol=1e-5, atol=1e-7)
    return taken


@pytest.mark.parametrize("heads", [[0], [0, 1], [0, 0, 0, 1]], ids=["one head", "two heads in turn", "a rare head"])
@pytest.mark.parametrize(("steps", "taken"), [(1, 7), (3, 3), (4, 2)])
def test_accumulated_gradients_are_averaged_once_a_group(pair: Pair, steps: int, taken: int, heads: list[int]) -> None:
    assert pair(check_accumulation, steps=steps, heads=heads) == [taken, taken]


def check_no_sync() -> None:
    torch.manual_seed(0)
    accelerator = Accelerator()
    raw = Heads()
    plain = copy.deepcopy(raw)
    model = accelerator.prepare(raw)
    with accelerator.no_sync(model):
        losses = [model(_batch(accelerator, step)).mean() for step in (0, 1)]
    for step in (0, 1):  # the forward decides, as in torch, not where the backward stands
        accelerator.backward(losses[step])
        plain(_batch(accelerator, step)).mean().backward()
        _assert_gradients(model, plain)
    accelerator.backward(model(_batch(accelerator, 2), 1).mean())
    plain(_batch(accelerator, 2), 1).mean().backward()
    _average(accelerator, list(plain.parameters()))
    _assert_gradients(model, plain)


def test_no_sync_keeps_gradients_local_until_the_next_backward(pair: Pair) -> None:
    pair(check_no_sync)


def check_thawed(whole: bool) -> None:
    """Frozen when prepared, trained later: torch's reducer has never heard of these parameters."""
    torch.manual_seed(0)
    accelerator = Accelerator()
    raw = Heads()
    raw.requires_grad_(False) if whole else raw.body.requires_grad_(False)
    plain = copy.deepcopy(raw)
    model = accelerator.prepare(raw)
    for step in range(4):
        if step == 2:
            raw.requires_grad_(True)
            plain.requires_grad_(True)
        x = _batch(accelerator, step).requires_grad_(True)
        accelerator.backward(model(x).square().mean())
        plain(x).square().mean().backward()
        _average(accelerator, list(plain.parameters()))
        _assert_gradients(model, plain)


@pytest.mark.parametrize("whole", [False, True], ids=["a part", "the whole model"])
def test_parameters_that_were_frozen_when_prepared_are_averaged_too(pair: Pair, whole: bool) -> None:
    pair(check_thawed, whole=whole)


def check_tied() -> None:
    torch.manual_seed(0)
    accelerator = Accelerator()
    first, second = nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    second[0].weight = first.weight
    plain_first, plain_second = copy.deepcopy((first, second))
    first, second = accelerator.prepare(first, second)
    for step in range(3):
        x = _batch(accelerator, step)
        accelerator.backward((second(first(x)) if step != 1 else first(x)).square().mean())
        (plain_second(plain_first(x)) if step != 1 else plain_first(x)).square().mean().backward()
        _average(accelerator, [*plain_first.parameters(), plain_second[0].bias, *plain_second[1].parameters()])
        _assert_gradients(first, plain_first)
        _assert_gradients(second, plain_second)


def test_two_models_may_share_a_parameter(pair: Pair) -> None:
    pair(check_tied)


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Embedding(5, 2, sparse=True)
        self.unused = nn.Embedding(5, 2, sparse=True)

    def forward(self, x: torch.Tensor, both: bool = False) -> torch.Tensor:
        return self.used(x).sum() + (self.unused(x).sum() if both else 0)


def check_sparse() -> None:
    torch.manual_seed(0)
    accelerator = Accelerator()
    model = accelerator.prepare(Words())
    for both in (False, True, False):
        model.zero_grad()
        accelerator.backward(model(torch.tensor([0, 1 + accelerator.process_index]), both))
        assert model.used.weight.grad.is_sparse
        assert model.used.weight.grad.to_dense()[:, 0].tolist() == [1.0, 0.5, 0.5, 0.0, 0.0]
        assert (model.unused.weight.grad is not None) == both


def test_sparse_gradients_are_completed_by_empty_ones(pair: Pair) -> None:
    pair(check_sparse)


def check_torch_mechanism(option: str) -> None:
    """The same head every time, as `static_graph` demands."""
    torch.manual_seed(0)
    accelerator = Accelerator(kwargs_handlers=[DistributedDataParallelKwargs(**{option: True})])
    raw = Heads()
    plain = copy.deepcopy(raw)
    model = accelerator.prepare(raw)
    assert getattr(model, option) is True
    for step in range(3):
        accelerator.backward(model(_batch(accelerator, step)).square().mean())
        plain(_batch(accelerator, step)).square().mean().backward()
        _average(accelerator, list(plain.parameters()))
        _assert_gradients(model, plain)


@pytest.mark.parametrize("option", ["find_unused_parameters", "static_graph"])
def test_torchs_own_mechanisms_are_left_to_work(pair: Pair, option: str) -> None:
    pair(check_torch_mechanism, option=option)


def check_plain_backward() -> None:
    """A backward that the Accelerator does not see, where every parameter is used."""
    torch.manual_seed(0)
    accelerator = Accelerator()
    raw = nn.Linear(3, 1)
    plain = copy.deepcopy(raw)
    model = accelerator.prepare(raw)
    for step in range(4):
        loss = model(_batch(accelerator, step)).square().mean()
        loss.backward() if step % 2 else accelerator.backward(loss)
        plain(_batch(accelerator, step)).square().mean().backward()
        _average(accelerator, list(plain.parameters()))
        _assert_gradients(model, plain)
        if step == 1:  # past the wrapper, after a backward that was not seen
            accelerator.backward(raw(_batch(accelerator, 9)).sum())
            plain(_batch(accelerator, 9)).sum().backward()
            _average(accelerator, list(plain.parameters()))
            _assert_gradients(model, plain)


def test_a_plain_backward_is_averaged_by_torch(pair: Pair) -> None:
    pair(check_plain_backward)


def check_half() -> str:
    torch.manual_seed(0)
    accelerator = Accelerator(mixed_precision="bf16")
    model = accelerator.prepare(Heads())
    output = model(_batch(accelerator, 0))
    accelerator.backward(output.square().mean())
    gathered = accelerator.gather(model.body.weight.grad[None])
    assert torch.equal(gathered[0], gathered[1]) and model.heads[1].weight.grad is None
    return str(output.dtype)


def test_half_precision_goes_with_partial_gradients(pair: Pair) -> None:
    assert pair(check_half) == ["torch.float32"] * 2


def check_many_models() -> int:
    """Folds of a cross-validation: models that are gone take no part any more."""
    accelerator = Accelerator()
    for _ in range(3):
        model = accelerator.prepare(Heads())
        accelerator.backward(model(_batch(accelerator, 0)).mean())
        model = accelerator.free_memory(model)
    replicas = [reference() for reference in accelerator._backend._replicas]
    return len([replica for replica in replicas if replica is not None])


def test_freed_models_are_forgotten(pair: Pair) -> None:
    assert pair(check_many_models) == [0, 0]


def check_clipping() -> None:
    accelerator = Accelerator(gradient_accumulation_steps=2)
    model = accelerator.prepare(nn.Linear(3, 1, bias=False))
    norms = []
    for step in (0, 1):
        with accelerator.accumulate(model):
            accelerator.backward(10 * model(_batch(accelerator, step)).mean())
            norms.append(accelerator.clip_grad_norm_(model.parameters(), 0.01))
            norm = model.weight.grad.norm()
            assert torch.isclose(norm, norms[-1] if step == 0 else torch.tensor(0.01), rtol=1e-3)
            accelerator.clip_grad_value_(model.parameters(), 1e-4)
            assert (model.weight.grad.abs().max() <= 1e-4) == (step == 1)
    gathered = accelerator.gather(norms[1])
    assert gathered[0] == gathered[1] and norms[1] > 0.01


def test_clipping_waits_for_the_averaged_gradient(pair: Pair) -> None:
    pair(check_clipping)


def check_backward_of_another_model() -> list[Any]:
    """A model that is not prepared, then a local backward: what is averaged."""
    accelerator = Accelerator()
    rank = accelerator.process_index
    other, model = nn.Linear(1, 1), accelerator.prepare(nn.Linear(1, 1, bias=False))
    x = torch.full((1, 1), 1.0 + 2 * rank)
    accelerator.backward(other(x).sum())
    with accelerator.no_sync(model):
        accelerator.backward(model(x).sum())
    local = model.weight.grad.item()
    model.zero_grad()
    loss = model(x).sum()
    accelerator.backward(other(x).sum())
    accelerator.backward(loss)
    return [local, model.weight.grad.item()]


def test_a_backward_of_another_model_changes_nothing(pair: Pair) -> None:
    assert pair(check_backward_of_another_model) == [[1.0, 2.0], [3.0, 2.0]]


def check_trigger_sync() -> list[float]:
    accelerator = Accelerator()
    model = accelerator.prepare(nn.Linear(1, 1, bias=False))
    losses = []
    for _ in range(2):
        with accelerator.no_sync(model):
            losses.append(model(torch.full((1, 1), 1.0 + 2 * accelerator.process_index)).sum())
    accelerator.backward(losses[0])
    local = model.weight.grad.item()
    with accelerator.trigger_sync_in_backward(model):
        accelerator.backward(losses[1])
    return [local, model.weight.grad.item()]


def test_a_backward_may_average_what_was_gathered_locally(pair: Pair) -> None:
    assert pair(check_trigger_sync) == [[1.0, 4.0], [3.0, 4.0]]
