"""On one process a script trains bit by bit as without the Accelerator, and leaves the random streams where they were.

Every script is written once. It gets an Accelerator, or a stand-in that does what a plain script does by hand.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss, softplus
from torch.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, RandomSampler, WeightedRandomSampler

from runtime import Accelerator, DataLoaderConfiguration


class ByHand:
    """A plain script's own means, under the Accelerator's names."""

    num_processes = 1

    def __init__(self, gradient_accumulation_steps: int = 1, **_: Any) -> None:
        self.steps = gradient_accumulation_steps

    def prepare(self, *args: Any) -> Any:
        return args if len(args) > 1 else args[0]

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        (loss / self.steps if self.steps > 1 else loss).backward(**kwargs)

    def unwrap_model(self, model: nn.Module) -> nn.Module:
        return model

    def gather_for_metrics(self, data: Any) -> Any:
        return data

    clip_grad_norm_ = staticmethod(torch.nn.utils.clip_grad_norm_)
    clip_grad_value_ = staticmethod(torch.nn.utils.clip_grad_value_)


class Noisy(Dataset[Any]):
    """Augments with all the random streams that a script may use."""

    def __len__(self) -> int:
        return 22

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.full((4,), index / 10) + torch.randn(4), torch.tensor([random.random()])


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[torch.Tensor]:
        for index in range(10):
            yield torch.full((4,), float(index)) + torch.randn(4)


def _model(dropout: float = 0.3) -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 1))


def _train(accelerator: Any, loader: DataLoader[Any], optimizer: Any = None, epochs: int = 2) -> list[torch.Tensor]:
    model = _model()
    optimizer = (optimizer or (lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)))(model.parameters())
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    losses = []
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = mse_loss(model(x), y)
            accelerator.backward(loss)
            optimizer.step()
            losses.append(loss.detach())
    return [*losses, *model.state_dict().values()]


def in_order(accelerator: Any) -> list[torch.Tensor]:
    return _train(accelerator, DataLoader(Noisy(), batch_size=4))


def shuffled(accelerator: Any) -> list[torch.Tensor]:
    return _train(accelerator, DataLoader(Noisy(), batch_size=4, shuffle=True, drop_last=True))


def shuffled_by_generator(accelerator: Any) -> list[torch.Tensor]:
    return _train(accelerator, DataLoader(Noisy(), batch_size=4, shuffle=True, generator=torch.Generator()))


def weighted(accelerator: Any) -> list[torch.Tensor]:
    return _train(accelerator, DataLoader(Noisy(), batch_size=5, sampler=WeightedRandomSampler([0.1] * 22, 17)))


def own_batch_sampler(accelerator: Any) -> list[torch.Tensor]:
    batches = BatchSampler(RandomSampler(range(22)), 6, drop_last=False)
    return _train(accelerator, DataLoader(Noisy(), batch_sampler=batches))


def with_workers(accelerator: Any) -> list[torch.Tensor]:
    return _train(accelerator, DataLoader(Noisy(), batch_size=4, shuffle=True, num_workers=2), epochs=1)


def adam(accelerator: Any) -> list[torch.Tensor]:
    return _train(accelerator, DataLoader(Noisy(), batch_size=4), lambda p: torch.optim.AdamW(p, lr=0.01))


def scheduled_and_clipped(accelerator: Any) -> list[torch.Tensor]:
    model = _model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(Noisy(), batch_size=4, shuffle=True)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=12)
    scheduler, loader, model, optimizer = accelerator.prepare(scheduler, loader, model, optimizer)
    seen = []
    for _ in range(2):
        for x, y in loader:
            loss = mse_loss(model(x), y)
            optimizer.zero_grad()
            accelerator.backward(loss)
            seen.append(accelerator.clip_grad_norm_(model.parameters(), 0.5))
            accelerator.clip_grad_value_(model.parameters(), 0.1)
            optimizer.step()
            scheduler.step()
            seen += [loss.detach(), torch.tensor(scheduler.get_last_lr())]
    return [*seen, *model.state_dict().values()]


def by_closure(accelerator: Any) -> list[torch.Tensor]:
    model = _model(dropout=0.1)
    x, y = torch.randn(8, 4), torch.randn(8, 1)
    model, optimizer = accelerator.prepare(model, torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5))

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = mse_loss(model(x), y)
        accelerator.backward(loss)
        return loss

    losses = [torch.as_tensor(optimizer.step(closure)) for _ in range(3)]
    return [*losses, *model.state_dict().values()]


def first_batch_only(accelerator: Any) -> list[torch.Tensor]:
    """``next(iter(loader))`` each step, and a loop that is left early."""
    loader = accelerator.prepare(DataLoader(Noisy(), batch_size=4, shuffle=True))
    seen = [next(iter(loader))[0] for _ in range(3)]
    for index, (x, _) in enumerate(loader):
        seen.append(x)
        if index == 2:
            break
    return seen


def seeded_between(accelerator: Any) -> list[torch.Tensor]:
    """The pass begins with ``iter``, where DataLoader draws, not with the first batch."""
    loader = accelerator.prepare(DataLoader(Noisy(), batch_size=4, shuffle=True))
    batches = iter(loader)
    torch.manual_seed(5)
    random.seed(5)
    return [x for x, _ in batches]


def streamed(accelerator: Any) -> list[torch.Tensor]:
    loader = accelerator.prepare(DataLoader(Stream(), batch_size=4))
    model = accelerator.prepare(nn.Sequential(nn.Linear(4, 1), nn.Dropout(0.5)))
    return [accelerator.gather_for_metrics(model(x)).detach() for _ in range(2) for x in loader]


def gan(accelerator: Any) -> list[torch.Tensor]:
    maker, critic = nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    maker_optimizer, critic_optimizer = (torch.optim.Adam(m.parameters(), lr=0.01) for m in (maker, critic))
    loader = DataLoader(Noisy(), batch_size=4, shuffle=True)
    maker, critic, maker_optimizer, critic_optimizer, loader = accelerator.prepare(
        maker, critic, maker_optimizer, critic_optimizer, loader
    )
    seen = []
    for x, _ in loader:
        fake = maker(torch.randn(len(x), 3))
        critic_optimizer.zero_grad()
        loss = softplus(critic(fake.detach())).mean() + softplus(-critic(x)).mean()
        accelerator.backward(loss, retain_graph=True)
        critic_optimizer.step()
        maker_optimizer.zero_grad()
        accelerator.backward(softplus(-critic(fake)).mean())
        maker_optimizer.step()
        seen.append(loss.detach())
    return [*seen, *maker.state_dict().values(), *critic.state_dict().values()]


SCRIPTS = [
    in_order,
    shuffled,
    shuffled_by_generator,
    weighted,
    own_batch_sampler,
    with_workers,
    adam,
    scheduled_and_clipped,
    by_closure,
    first_batch_only,
    seeded_between,
    streamed,
    gan,
]


def _run(script: Callable[[Any], list[torch.Tensor]], accelerator: Any) -> tuple[list[torch.Tensor], list[Any]]:
    torch.manual_seed(1)
    random.seed(1)
    return script(accelerator), [torch.get_rng_state().tolist(), random.getstate()]


def _assert_same_bits(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> None:
    assert len(ours) == len(theirs)
    for index, (mine, their) in enumerate(zip(ours, theirs, strict=True)):
        assert torch.equal(mine, their), f"value {index} differs: {mine} and {their}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__.replace("_", " "))
def test_script_trains_bit_by_bit_as_by_hand(script: Callable[[Any], list[torch.Tensor]]) -> None:
    theirs, their_streams = _run(script, ByHand())
    ours, our_streams = _run(script, Accelerator(cpu=True))
    _assert_same_bits(ours, theirs)
    assert our_streams == their_streams, "a random number was drawn, or not drawn"


def accumulated_by_hand(steps: int, epochs: int) -> list[torch.Tensor]:
    torch.manual_seed(1)
    random.seed(1)
    model = _model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loader = DataLoader(Noisy(), batch_size=4, shuffle=True)
    for _ in range(epochs):
        for index, (x, y) in enumerate(loader):
            (mse_loss(model(x), y) / steps).backward()
            if (index + 1) % steps == 0 or index + 1 == len(loader):
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
                optimizer.step()
                optimizer.zero_grad()
    return list(model.state_dict().values())


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 9])
def test_accumulation_is_the_handwritten_one_with_its_last_group(steps: int) -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=steps)
    torch.manual_seed(1)
    random.seed(1)
    model = _model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model, optimizer, loader = accelerator.prepare(model, optimizer, DataLoader(Noisy(), batch_size=4, shuffle=True))
    for _ in range(2):
        for x, y in loader:
            with accelerator.accumulate(model):
                accelerator.backward(mse_loss(model(x), y))
                accelerator.clip_grad_norm_(model.parameters(), 0.5)
                optimizer.step()
                optimizer.zero_grad()
    _assert_same_bits(list(model.state_dict().values()), accumulated_by_hand(steps, 2))


def test_mixed_precision_is_autocast_around_the_forward() -> None:
    def without_optimizer() -> list[torch.Tensor]:
        torch.manual_seed(1)
        model, x = _model(), torch.randn(8, 4)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = model(x)
        output.float().square().mean().backward()
        return [output.float(), *(p.grad for p in model.parameters() if p.grad is not None)]

    theirs = without_optimizer()
    accelerator = Accelerator(cpu=True, mixed_precision="bf16")
    torch.manual_seed(1)
    model, x = accelerator.prepare(_model()), torch.randn(8, 4)
    output = model(x)
    assert output.dtype == torch.float32
    accelerator.backward(output.square().mean())
    _assert_same_bits([output, *(p.grad for p in model.parameters() if p.grad is not None)], theirs)


def test_prepared_objects_are_the_users_own() -> None:
    model = _model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert Accelerator(cpu=True).prepare(model) is model
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_seedable_sampler_shuffles_by_seed_and_epoch_alone() -> None:
    orders = []
    for disturbance in (0, 1):
        torch.manual_seed(disturbance)
        accelerator = Accelerator(
            cpu=True, dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True, data_seed=7)
        )
        loader = accelerator.prepare(DataLoader(range(12), batch_size=3, shuffle=True))
        orders.append([torch.cat(list(loader)).tolist() for _ in range(2)])
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1], "the second epoch has an order of its own"
    assert sorted(orders[0][0]) == list(range(12))


def test_full_precision_autocast_is_no_context_at_all() -> None:
    assert isinstance(Accelerator(cpu=True).autocast(), contextlib.nullcontext)
