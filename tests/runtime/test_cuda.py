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


class Noisy(torch.utils.data.Dataset[Any]):
    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.full((4,), index / 64) + 0.1 * torch.randn(4), torch.tensor([index / 64])


def _noisy_loader(workers: int) -> DataLoader[Any]:
    return DataLoader(Noisy(), batch_size=4, shuffle=True, num_workers=workers)


def _epochs(accelerator: Any, workers: int, leave_at: int | None) -> list[torch.Tensor]:
    """Train with dropout, augmentation and a loop that may be left early; the same source with and without us."""
    torch.manual_seed(2)
    model: Any = nn.Sequential(nn.Linear(4, 64), nn.Dropout(0.3), nn.Linear(64, 1))
    optimizer: Any = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loader: Any = _noisy_loader(workers)
    if accelerator is None:
        model.to("cuda")
    else:
        model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    losses = []
    for _ in range(3):
        for index, (x, y) in enumerate(loader):
            loss = nn.functional.mse_loss(model(x.to("cuda")), y.to("cuda"))
            optimizer.zero_grad()
            loss.backward() if accelerator is None else accelerator.backward(loss)
            optimizer.step()
            losses.append(loss.detach())
            if index == leave_at:
                break
    return [*losses, *model.parameters(), torch.get_rng_state(), torch.cuda.get_rng_state()]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("leave_at", [None, 5, 13])
def test_copies_on_the_side_change_no_number(workers: int, leave_at: int | None) -> None:
    theirs = _epochs(None, workers, leave_at)
    ours = _epochs(Accelerator(), workers, leave_at)
    assert all(torch.equal(mine, their) for mine, their in zip(ours, theirs, strict=True))


def test_a_batch_stays_whole_while_later_ones_are_copied() -> None:
    """Slow kernels on each batch, so that copies run far ahead of what is computed."""
    data = torch.arange(200.0).repeat_interleave(50_000).view(200, 50_000)
    loader = Accelerator().prepare(DataLoader(data, batch_size=2, num_workers=2))
    weight = torch.randn(50_000, 256, device="cuda")
    sums = []
    for batch in loader:
        for _ in range(20):
            torch.mm(batch, weight)
        sums.append(batch.double().mean(dim=1))
        del batch
    assert torch.cat(sums).tolist() == [float(row) for row in range(200)]


def test_nothing_waits_for_the_gpu_but_what_the_script_writes() -> None:
    accelerator = Accelerator(gradient_accumulation_steps=2)
    model, optimizer, _ = _objects()
    model, optimizer, loader = accelerator.prepare(model, optimizer, _noisy_loader(2))
    accelerator.backward(model(torch.ones(1, 4, device="cuda")).sum())  # libraries and kernels are loaded
    optimizer.step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for x, y in loader:
            with accelerator.accumulate(model):
                accelerator.backward(nn.functional.mse_loss(model(x), y))
                accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_workers_batches_come_through_pinned_memory() -> None:
    loader = Accelerator().prepare(_noisy_loader(2))
    assert loader.base_dataloader.pin_memory
    assert all(x.is_cuda for x, _ in loader)
