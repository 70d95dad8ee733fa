"""A prepared optimizer: the user's own to look at, idle while gradients are accumulated."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import nn

from runtime import Accelerator
from runtime.handler import GradScalerKwargs
from runtime.kind import PrecisionType
from runtime.optimizer import PreparedOptimizer
from runtime.precision import ScaledPrecision, choose_precision


class Counting(torch.optim.SGD):
    """An optimizer with members of its own, whose step takes no closure."""

    label = "mine"

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__(parameters, lr=lr)
        self.steps_taken = 0
        self.mode = "train"

    def step(self) -> str:  # type: ignore[override]
        super().step()
        self.steps_taken += 1
        return "stepped"

    def eval(self) -> None:
        self.mode = "eval"


def _prepared(lr: float = 0.1) -> tuple[Accelerator, nn.Parameter, Counting, Any]:
    accelerator = Accelerator(cpu=True)
    parameter = nn.Parameter(torch.ones(2))
    inner = Counting([parameter], lr)
    return accelerator, parameter, inner, accelerator.prepare(inner)


def test_it_is_the_users_optimizer_in_every_respect() -> None:
    _, parameter, inner, optimizer = _prepared()
    assert isinstance(optimizer, Counting) and isinstance(optimizer, torch.optim.Optimizer)
    assert type(optimizer) is PreparedOptimizer and optimizer.optimizer is inner
    assert optimizer.label == "mine" and repr(optimizer) == repr(inner)
    assert optimizer.param_groups is inner.param_groups and optimizer.state is inner.state
    assert optimizer.defaults is inner.defaults
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.steps_taken = 10
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))]})
    assert inner.param_groups[0]["lr"] == 0.5 and inner.steps_taken == 10 and len(inner.param_groups) == 2
    optimizer.eval()
    optimizer.train()
    assert inner.mode == "eval", "what the optimizer does not have is left out"
    parameter.grad = torch.ones(2)
    assert optimizer.step() == "stepped" and inner.steps_taken == 11
    assert parameter.tolist() == [0.5, 0.5]
    optimizer.zero_grad()
    assert parameter.grad is None


def test_state_goes_in_and_out() -> None:
    accelerator = Accelerator(cpu=True)
    parameter = nn.Parameter(torch.ones(2))
    inner = torch.optim.Adam([parameter], lr=0.1)
    optimizer = accelerator.prepare(inner)
    parameter.grad = torch.ones(2)
    optimizer.step()
    state = copy.deepcopy(optimizer.state_dict())
    optimizer.step()
    optimizer.load_state_dict(state)
    assert inner.state[parameter]["step"] == 1
    optimizer.state = {}
    assert inner.state == {}


def test_copies_and_pickles_are_prepared_too() -> None:
    _, _, inner, optimizer = _prepared()
    for again in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
        assert type(again) is PreparedOptimizer and isinstance(again, Counting) and again.optimizer is not inner
        again.param_groups[0]["lr"] = 0.7
        assert inner.param_groups[0]["lr"] == 0.1


def test_it_is_not_prepared_twice() -> None:
    accelerator, _, inner, optimizer = _prepared()
    assert accelerator.prepare(optimizer) is optimizer
    with pytest.warns(UserWarning, match="Train with what `prepare` returns"):
        assert accelerator.prepare(inner) is optimizer
    assert Accelerator(cpu=True).prepare(optimizer) is optimizer


def test_it_waits_while_gradients_are_accumulated() -> None:
    accelerator, parameter, inner, optimizer = _prepared()
    parameter.grad = torch.ones(2)
    accelerator.sync_gradients = False
    assert optimizer.step() is None
    optimizer.zero_grad()
    assert inner.steps_taken == 0 and parameter.grad is not None
    accelerator.sync_gradients = True
    optimizer.step()
    assert inner.steps_taken == 1


def test_hooks_belong_to_the_wrapped_optimizer() -> None:
    parameter = nn.Parameter(torch.ones(2))
    optimizer = Accelerator(cpu=True).prepare(torch.optim.SGD([parameter], lr=0.1))
    called = []
    optimizer.register_step_pre_hook(lambda *_: called.append("before"))
    optimizer.register_step_post_hook(lambda *_: called.append("after"))
    parameter.grad = torch.ones(2)
    optimizer.step()
    assert called == ["before", "after"]


def test_a_scheduler_may_be_made_from_the_prepared_optimizer() -> None:
    _, parameter, inner, optimizer = _prepared(lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    parameter.grad = torch.ones(2)
    for expected in (0.5, 0.25):
        optimizer.step()
        scheduler.step()  # warns if it believes that the optimizer has not stepped
        assert inner.param_groups[0]["lr"] == expected
    assert inner.steps_taken == 2


def _scaled(*parameters: nn.Parameter) -> tuple[ScaledPrecision, list[PreparedOptimizer]]:
    """Float16 as it scales and skips, on a device that has none."""
    from runtime import GradientState

    precision = choose_precision(PrecisionType.FP16, torch.device("cpu"), scaler=GradScalerKwargs(init_scale=8.0))
    assert isinstance(precision, ScaledPrecision)
    inners = [torch.optim.SGD([parameter], lr=1.0) for parameter in parameters]
    return precision, [PreparedOptimizer(inner, precision, GradientState()) for inner in inners]


def test_a_scaled_loss_steps_by_the_unscaled_gradient() -> None:
    parameter = nn.Parameter(torch.ones(1))
    precision, (optimizer,) = _scaled(parameter)
    precision.scale(parameter.sum()).backward()
    assert parameter.grad is not None and parameter.grad.item() == 8.0
    precision.unscale([optimizer])
    precision.unscale([optimizer])
    assert parameter.grad.item() == 1.0, "unscaled once, however often it is asked for"
    optimizer.step()
    assert parameter.item() == 0.0 and not optimizer.step_was_skipped


def test_a_step_over_inf_is_left_out_and_the_scale_lowered() -> None:
    parameter = nn.Parameter(torch.ones(1))
    precision, (optimizer,) = _scaled(parameter)
    precision.scale(parameter.sum() * torch.inf).backward()
    optimizer.step()
    assert optimizer.step_was_skipped and parameter.item() == 1.0
    optimizer.zero_grad()
    precision.scale(parameter.sum()).backward()
    assert precision.scaler.get_scale() == 4.0 and parameter.grad is not None and parameter.grad.item() == 4.0
    optimizer.step()
    assert not optimizer.step_was_skipped and parameter.item() == 0.0


def test_losses_that_are_not_a_number_are_left_out_and_counted() -> None:
    """The loop of a script in float16 whose third and fourth batch overflow."""
    accelerator = Accelerator(cpu=True)
    accelerator._precision = choose_precision(PrecisionType.FP16, torch.device("cpu"))
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    optimizer, scheduler = accelerator.prepare(optimizer, scheduler)
    skipped, rates = [], []
    for factor in (1.0, 1.0, float("nan"), float("inf"), 1.0):
        before = [parameter.clone() for parameter in model.parameters()]
        optimizer.zero_grad()
        accelerator.backward(model(torch.ones(3, 2)).mean() * factor)
        accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        skipped.append(accelerator.optimizer_step_was_skipped)
        rates.append(scheduler.get_last_lr()[0])
        stayed = all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
        assert stayed == skipped[-1] and all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert skipped == [False, False, True, True, False] and optimizer.skipped_steps == 2
    assert rates == [0.05, 0.025, 0.025, 0.025, 0.0125], "the schedule waits with the optimizer"


def test_two_optimizers_step_by_one_scale() -> None:
    """Updated between the two, the scaler would forget that the second was unscaled, and unscale it again."""
    first, second = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    precision, optimizers = _scaled(first, second)
    precision.scale((first + second).sum()).backward()
    precision.unscale(optimizers)
    for optimizer in optimizers:
        optimizer.step()
    assert (first.item(), second.item()) == (0.0, 0.0)


@pytest.mark.parametrize("clip", ["norm", "value"])
def test_clipping_unscales_the_optimizers_of_its_parameters(clip: str) -> None:
    first, second = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    precision, optimizers = _scaled(first, second)
    accelerator = Accelerator(cpu=True)
    accelerator._precision, accelerator._optimizers = precision, optimizers
    precision.scale((first + second).sum()).backward()
    accelerator.clip_grad_norm_(first, 0.5) if clip == "norm" else accelerator.clip_grad_value_(iter([first]), 0.5)
    assert first.grad is not None and first.grad.item() == pytest.approx(0.5, rel=1e-5)
    assert second.grad is not None and second.grad.item() == 8.0
    accelerator.unscale_gradients(optimizers[1].optimizer)
    assert second.grad.item() == 1.0
