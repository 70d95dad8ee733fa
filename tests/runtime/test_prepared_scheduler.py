"""A prepared scheduler: steps with its optimizer, once for each process."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR, ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader

from runtime import Accelerator, DataLoaderConfiguration
from runtime.scheduler import PreparedScheduler

Pair = Callable[..., list[Any]]


def _optimizer(lr: float = 1.0) -> torch.optim.SGD:
    return torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=lr)


# The rate is what these tests look at; that no optimizer has stepped is their business.
pytestmark = pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")


def _halving(optimizer: torch.optim.Optimizer) -> StepLR:
    return StepLR(optimizer, 1, gamma=0.5)


@pytest.mark.parametrize("make", [_halving, ReduceLROnPlateau], ids=["by steps", "on a metric"])
def test_it_is_the_users_scheduler_in_every_respect(make: Callable[[Any], LRScheduler]) -> None:
    accelerator, inner = Accelerator(cpu=True), make(_optimizer())
    scheduler = accelerator.prepare(inner)
    assert isinstance(scheduler, LRScheduler) and isinstance(scheduler, type(inner))
    assert type(scheduler) is PreparedScheduler and scheduler.scheduler is inner
    assert scheduler.last_epoch == inner.last_epoch and scheduler.get_last_lr() == [1.0]
    scheduler.load_state_dict(scheduler.state_dict())
    scheduler.eps = 0.25
    assert inner.eps == 0.25
    assert accelerator.prepare(scheduler) is scheduler
    with pytest.warns(UserWarning, match=f"has got this {type(inner).__name__} before"):
        assert accelerator.prepare(inner) is scheduler
    assert isinstance(pickle.loads(pickle.dumps(scheduler)), type(inner))


def test_it_waits_while_gradients_are_accumulated() -> None:
    accelerator = Accelerator(cpu=True)
    optimizer = _optimizer()
    scheduler = accelerator.prepare(_halving(optimizer))
    accelerator.sync_gradients = False
    scheduler.step()
    assert scheduler.get_last_lr() == [1.0]
    accelerator.sync_gradients = True
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5]


def test_it_waits_for_no_optimizer_when_told_so() -> None:
    accelerator = Accelerator(cpu=True, step_scheduler_with_optimizer=False)
    scheduler = accelerator.prepare(_halving(_optimizer()))
    accelerator.sync_gradients = False
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5]


def test_it_passes_a_metric_on() -> None:
    scheduler = Accelerator(cpu=True).prepare(ReduceLROnPlateau(_optimizer(), patience=0, factor=0.1))
    for metric in (1.0, 2.0):
        scheduler.step(metric)
    assert scheduler.get_last_lr() == [pytest.approx(0.1)]


def test_it_finds_its_optimizer_whenever_that_is_prepared() -> None:
    accelerator = Accelerator(cpu=True)
    mine, other = _optimizer(), _optimizer()
    scheduler = accelerator.prepare(_halving(mine))
    other, mine = accelerator.prepare(other, mine)
    other._is_overflow = True
    assert accelerator.optimizer_step_was_skipped
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5], "another optimizer left out its step"
    object.__setattr__(mine, "_is_overflow", True)
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5], "its own left out its step"


def check_rate(split: bool, in_loop: bool, linked: bool) -> list[Any]:
    accelerator = Accelerator(
        dataloader_config=DataLoaderConfiguration(split_batches=split), step_scheduler_with_optimizer=linked
    )
    optimizer = _optimizer()
    scheduler, loader = accelerator.prepare(_halving(optimizer), DataLoader(range(8), batch_size=2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in loader:
            if in_loop:
                optimizer.step()
                scheduler.step()
                break
        if not in_loop:
            optimizer.step()
            scheduler.step()
            scheduler.step()
    told = [str(warning.message) for warning in caught if "prepared StepLR" in str(warning.message)]
    return [scheduler.get_last_lr()[0], told]


@pytest.mark.parametrize(
    ("split", "linked", "rate"), [(False, True, 0.25), (True, True, 0.5), (False, False, 0.5)],
    ids=["whole batches", "split batches", "not linked"],
)  # fmt: skip
def test_it_steps_once_for_each_process(pair: Pair, split: bool, linked: bool, rate: float) -> None:
    assert pair(check_rate, split=split, in_loop=True, linked=linked) == [[rate, []]] * 2


def test_a_schedule_by_epochs_is_told_of_once(pair: Pair) -> None:
    for rate, messages in pair(check_rate, split=False, in_loop=False, linked=True):
        assert rate == 0.0625 and len(messages) == 1
        assert (
            "advances 2 steps in each call on 2 processes" in messages[0] and "leave it out of `prepare`" in messages[0]
        )


def check_one_cycle() -> int:
    accelerator = Accelerator()
    optimizer = _optimizer()
    scheduler, loader = accelerator.prepare(OneCycleLR(optimizer, 1.0, total_steps=5), DataLoader(range(8)))
    for _ in loader:
        optimizer.step()
        scheduler.step()
    return scheduler._step_count


def test_a_cycle_is_never_stepped_past_its_end(pair: Pair) -> None:
    assert pair(check_one_cycle) == [6, 6]
