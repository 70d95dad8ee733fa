"""Gradients on two processes are the mean of those computed by hand, whichever parameters a loss reaches.

Every scenario is written once, and runs twice in each process: with prepared models and `Accelerator.backward`, and
with plain copies whose gradients are averaged by hand. After each step, all parameters and gradients have to agree,
those that are None included.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.checkpoint import checkpoint

from runtime import Accelerator, DistributedDataParallelKwargs
from tests.runtime.processes import Team

Models = dict[str, nn.Module]
Scenario = Callable[[Models, dict[str, torch.optim.Optimizer], Callable[..., None], torch.Tensor], None]
WIDTH = 6


class Critic(nn.Module):
    """A body with three heads, of which a loss may use one."""

    def __init__(self, norm: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH) if norm else nn.Identity(), nn.ELU())
        self.verdict = nn.Linear(WIDTH, 1)
        self.label = nn.Linear(WIDTH, 3)
        self.code = nn.Linear(WIDTH, 2)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        h = self.body(x)
        return self.verdict(h), self.label(h), self.code(h)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)


def _maker(norm: bool = False) -> nn.Module:
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH) if norm else nn.Identity(), nn.Tanh())


def _score(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return model(x)[0]


def _truth(scores: torch.Tensor, value: float) -> torch.Tensor:
    return binary_cross_entropy_with_logits(scores, torch.full_like(scores, value))


def gan(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """One loss over two forwards of the critic; the maker's loss goes through the critic too."""
    fake = models["maker"](x.flip(1))
    optimizers["critic"].zero_grad()
    backward((_truth(_score(models["critic"], x), 1) + _truth(_score(models["critic"], fake.detach()), 0)) / 2)
    optimizers["critic"].step()
    optimizers["maker"].zero_grad()
    backward(_truth(_score(models["critic"], fake), 1))
    optimizers["maker"].step()


def gan_in_two_backwards(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: Any) -> None:
    """The critic's gradients come from a real and from a fake batch, one after the other; maker called twice."""
    optimizers["critic"].zero_grad()
    backward(_truth(_score(models["critic"], x), 1))
    fake = models["maker"](x.flip(1))
    backward(_truth(_score(models["critic"], fake.detach()), 0))
    optimizers["critic"].step()
    optimizers["maker"].zero_grad()
    again = models["maker"](-x)
    backward(_truth(_score(models["critic"], fake), 1) + _truth(_score(models["critic"], again), 1))
    optimizers["maker"].step()


def gan_with_frozen_critic(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: Any) -> None:
    """The critic is frozen while the maker trains, and thawed again."""
    gan(models, optimizers, backward, x)
    for parameter in models["critic"].parameters():
        parameter.requires_grad_(False)
    optimizers["maker"].zero_grad()
    backward(_truth(_score(models["critic"], models["maker"](x)), 1))
    optimizers["maker"].step()
    for parameter in models["critic"].parameters():
        parameter.requires_grad_(True)


def infogan(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """Three losses over three heads, each with its own use of the two models; one optimizer for both."""
    optimizers["maker"].zero_grad()
    backward(_truth(_score(models["critic"], models["maker"](x)), 1))
    optimizers["maker"].step()
    optimizers["critic"].zero_grad()
    backward(_truth(_score(models["critic"], x), 1) + _truth(_score(models["critic"], -x), 0))
    optimizers["critic"].step()
    optimizers["both"].zero_grad()
    _, label, code = models["critic"](models["maker"](x))
    backward(label.logsumexp(1).mean() + code.square().mean())
    optimizers["both"].step()


def wgan_gp(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """A penalty on the gradient of the prepared critic, which has no use for its last bias."""
    fake = models["maker"](x).detach()
    mixed = (0.3 * x + 0.7 * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(_score(models["critic"], mixed).sum(), mixed, create_graph=True)
    penalty = (slope.norm(2, dim=1) - 1).square().mean()
    optimizers["critic"].zero_grad()
    backward(_score(models["critic"], fake).mean() - _score(models["critic"], x).mean() + 10 * penalty)
    optimizers["critic"].step()
    optimizers["critic"].zero_grad()
    (slope,) = torch.autograd.grad(_score(models["critic"], mixed).sum(), mixed, create_graph=True)
    backward(slope.square().mean())
    optimizers["critic"].step()


def detached_forward(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: Any) -> None:
    """The maker runs with gradients enabled, but none reach it, three times in a row."""
    for _ in range(3):
        optimizers["both"].zero_grad()
        backward(_score(models["critic"], models["maker"](x).detach()).mean())
        optimizers["both"].step()


def one_optimizer(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """Now both models take part, now one of them."""
    optimizers["both"].zero_grad()
    backward(_score(models["critic"], models["maker"](x)).square().mean())
    optimizers["both"].step()
    optimizers["both"].zero_grad()
    backward(models["maker"](x).square().mean())
    optimizers["both"].step()


def graph_kept(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """Two backwards through one forward."""
    optimizers["critic"].zero_grad()
    verdict, label, _ = models["critic"](x)
    backward(verdict.mean(), retain_graph=True)
    backward(label.square().mean() + verdict.square().mean())
    optimizers["critic"].step()


def forwards_first(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """Two forwards, then their two backwards in the other order."""
    optimizers["critic"].zero_grad()
    first, second = models["critic"](x), models["critic"](-x)
    backward(second[1].square().mean())
    backward(first[0].square().mean())
    optimizers["critic"].step()


def past_the_wrapper(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: Any) -> None:
    """A method of the user's module runs part of the forward; DistributedDataParallel hears nothing of it."""
    optimizers["critic"].zero_grad()
    backward(models["critic"].embed(x).square().mean())
    optimizers["critic"].step()


def heads_by_process(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: Any) -> None:
    """Each process uses another head; the third head is used by none."""
    optimizers["critic"].zero_grad()
    backward(models["critic"](x)[int(x[0, 0] > 0)].square().mean())
    optimizers["critic"].step()


def idle_then_used(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """Gradients are kept over two backwards of different heads, without zero_grad between."""
    optimizers["critic"].zero_grad()
    backward(models["critic"](x)[0].square().mean())
    backward(models["critic"](x)[1].square().mean())
    optimizers["critic"].step()


def part_frozen_later(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: Any) -> None:
    """A part of the critic is frozen after it was prepared, first with gradients left from before, then without."""
    backward(_score(models["critic"], x).square().mean())
    optimizers["critic"].step()
    models["critic"].body.requires_grad_(False)
    for _ in range(2):
        backward(_score(models["critic"], x).square().mean())
        optimizers["critic"].step()
        optimizers["critic"].zero_grad()
    models["critic"].body.requires_grad_(True)


class _Mute(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> None:
        return None


def no_gradient_returned(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: Any) -> None:
    """A function returns None as the gradient of one head."""
    optimizers["critic"].zero_grad()
    verdict, label, _ = models["critic"](x)
    backward(verdict.square().mean() + _Mute.apply(label).sum())
    optimizers["critic"].step()


def recomputed(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """Activations are recomputed in a backward within the backward."""
    optimizers["both"].zero_grad()
    h = models["maker"](x)
    backward(checkpoint(lambda t: _score(models["critic"], t), h, use_reentrant=True).square().mean())
    optimizers["both"].step()


def by_closure(models: Models, optimizers: dict[str, Any], backward: Callable[..., None], x: torch.Tensor) -> None:
    """The optimizer itself calls for the gradients."""

    def closure() -> torch.Tensor:
        optimizers["critic"].zero_grad()
        loss = _score(models["critic"], x).square().mean()
        backward(loss)
        return loss

    assert optimizers["critic"].step(closure) is not None


SCENARIOS: dict[str, tuple[Scenario, dict[str, Any]]] = {
    "a plain GAN": (gan, {}),
    "a GAN with BatchNorm": (gan, {"norm": True}),
    "a GAN with two backwards for the critic": (gan_in_two_backwards, {}),
    "a GAN with two backwards and BatchNorm": (gan_in_two_backwards, {"norm": True}),
    "a GAN that freezes its critic now and then": (gan_with_frozen_critic, {}),
    "an InfoGAN with three heads and three losses": (infogan, {}),
    "an InfoGAN with BatchNorm": (infogan, {"norm": True}),
    "a WGAN with gradient penalty": (wgan_gp, {}),
    "a model whose output is detached": (detached_forward, {}),
    "two models under one optimizer": (one_optimizer, {}),
    "two backwards through a kept graph": (graph_kept, {}),
    "two backwards through a kept graph with BatchNorm": (graph_kept, {"norm": True}),
    "two forwards before their backwards": (forwards_first, {}),
    "a forward past the prepared model": (past_the_wrapper, {}),
    "another head in each process": (heads_by_process, {}),
    "two heads, one after the other": (idle_then_used, {}),
    "a part that is frozen later": (part_frozen_later, {}),
    "a function that returns no gradient": (no_gradient_returned, {}),
    "a reentrant checkpoint": (recomputed, {}),
    "a closure": (by_closure, {}),
    "gradients as views of the buckets": (infogan, {"options": {"gradient_as_bucket_view": True}}),
    "torch's own search for unused parameters": (one_optimizer, {"options": {"find_unused_parameters": True}}),
}


def _make(norm: bool) -> Models:
    torch.manual_seed(0)
    return {"critic": Critic(norm), "maker": _maker(norm)}


def _optimize(models: Models) -> dict[str, torch.optim.Optimizer]:
    """Momentum and weight decay move a parameter whose gradient is zero, but not one whose gradient is None."""
    groups = {"critic": ["critic"], "maker": ["maker"], "both": ["critic", "maker"]}
    return {
        name: torch.optim.SGD(
            [p for member in members for p in models[member].parameters()], lr=0.1, momentum=0.9, weight_decay=0.1
        )
        for name, members in groups.items()
    }


def _average(models: Models, accelerator: Accelerator) -> None:
    """Average by hand; None where no process has a gradient."""
    for parameter in (p for model in models.values() for p in model.parameters()):
        held = accelerator.reduce(torch.tensor(float(parameter.grad is not None)), "sum")
        if held > 0:
            own = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            parameter.grad = accelerator.reduce(own, "mean")


def _assert_equal(ours: Models, theirs: Models, when: str) -> None:
    for name in ours:
        for (path, mine), their in zip(ours[name].named_parameters(), theirs[name].parameters(), strict=True):
            where = f"{name}.{path} {when}"
            assert (mine.grad is None) == (their.grad is None), f"gradient of {where}: {mine.grad} and {their.grad}"
            if mine.grad is not None:
                torch.testing.assert_close(mine.grad, their.grad, rtol=1e-4, atol=1e-6, msg=lambda m, w=where: w + m)
            torch.testing.assert_close(mine, their, rtol=1e-4, atol=1e-6, msg=lambda m, w=where: w + m)


def check_scenario(name: str) -> None:
    scenario, settings = SCENARIOS[name]
    handlers = [DistributedDataParallelKwargs(**settings["options"])] if "options" in settings else []
    accelerator = Accelerator(kwargs_handlers=handlers)
    ours = _make(settings.get("norm", False))
    theirs = copy.deepcopy(ours)
    our_optimizers, their_optimizers = _optimize(ours), _optimize(theirs)
    ours = {key: accelerator.prepare(model) for key, model in ours.items()}
    our_optimizers = {key: accelerator.prepare(optimizer) for key, optimizer in our_optimizers.items()}

    def without_optimizer(loss: torch.Tensor, **kwargs: Any) -> None:
        loss.backward(**kwargs)
        _average(theirs, accelerator)

    for step in range(3):
        torch.manual_seed(100 * step + accelerator.process_index)
        x = torch.randn(4, WIDTH)
        x[0, 0] = 1.0 if accelerator.process_index else -1.0
        scenario(ours, our_optimizers, accelerator.backward, x)
        scenario(theirs, their_optimizers, without_optimizer, x)
        _assert_equal(ours, theirs, f"after step {step}")
    _assert_same_everywhere(ours, accelerator)


def _assert_same_everywhere(models: Models, accelerator: Accelerator) -> None:
    for name, model in models.items():
        for path, value in model.state_dict().items():
            rows = accelerator.gather(value[None])
            assert all(torch.equal(row, rows[0]) for row in rows), f"{name}.{path} differs between the processes"


@pytest.mark.parametrize("name", SCENARIOS)
def test_gradients_are_the_mean_over_processes(pair: Callable[..., list[Any]], name: str) -> None:
    assert pair(check_scenario, name=name) == [None, None]


def check_scenarios(names: list[str]) -> None:
    for name in names:
        check_scenario(name)


def test_three_processes_agree_too() -> None:
    team = Team(3)
    try:
        team.run(check_scenarios, names=["a GAN with BatchNorm", "another head in each process", "a closure"])
    finally:
        team.close()
