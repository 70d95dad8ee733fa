"""On one CUDA device: the same numbers as by hand, batches in place, float16 that scales."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from runtime import Accelerator

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]


def _objects() -> tuple[nn.Module, torch.optim.Optimizer, DataLoader[Any]]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 1))
    data = TensorDataset(torch.randn(32, 4), torch.randn(32, 1))
    return (
        model,
        torch.optim.Adam(model.parameters(), lr=0.1),
        DataLoader(data, batch_size=8, shuffle=True, pin_memory=True),
    )


def _by_hand() -> list[torch.Tensor]:
    model, optimizer, loader = _objects()
    model.to("cuda")
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x.to("cuda")), y.to("cuda")).backward()
        optimizer.step()
    return list(model.parameters())


def _prepared(**options: Any) -> tuple[Accelerator, list[torch.Tensor]]:
    accelerator = Accelerator(**options)
    model, optimizer, loader = accelerator.prepare(*_objects())
    for x, y in loader:
        assert x.is_cuda and y.is_cuda
        optimizer.zero_grad()
        accelerator.backward(nn.functional.mse_loss(model(x), y))
        accelerator.clip_grad_norm_(model.parameters(), 1e6)
        optimizer.step()
    return accelerator, list(model.parameters())


def test_training_is_bit_by_bit_that_by_hand() -> None:
    accelerator, ours = _prepared()
    assert accelerator.device == torch.device("cuda") and accelerator.distributed_type == "NO"
    assert all(torch.equal(mine, their) for mine, their in zip(ours, _by_hand(), strict=True))


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_trains_near_full_precision(precision: str) -> None:
    accelerator, ours = _prepared(mixed_precision=precision)
    assert (accelerator.scaler is not None) == (precision == "fp16") and not accelerator.optimizer_step_was_skipped
    for mine, their in zip(ours, _by_hand(), strict=True):
        torch.testing.assert_close(mine, their, rtol=0.1, atol=0.1)


def test_an_optimizer_state_follows_its_parameters() -> None:
    model, optimizer, _ = _objects()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    model, optimizer = Accelerator().prepare(model, optimizer)
    assert all(state["exp_avg"].is_cuda for state in optimizer.state.values())


def test_the_cpu_is_used_when_told_so() -> None:
    assert Accelerator(cpu=True).device == torch.device("cpu")
