"""Random small training programs give the same numbers here and on the package whose API this is.

One process of each rank runs every program twice, on `runtime` and on `accelerate`, and lives on for the next one.
Left out is what the two do not promise alike; the comments in `_programs` name it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

Teams = Callable[[int], Callable[..., list[Any]]]
Program = dict[str, Any]


class Stream(IterableDataset[Any]):
    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Any]:
        return (self.rows[index] for index in range(len(self.rows)))


def _start(library: str, program: Program) -> Any:
    """Make an Accelerator of the one library or the other, in a process that has had both."""
    if library == "runtime":
        from runtime import Accelerator, AcceleratorState, DataLoaderConfiguration, GradientState
    else:
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState, GradientState
        from accelerate.utils import DataLoaderConfiguration
    AcceleratorState._reset_state(True)
    GradientState._reset_state()
    return Accelerator(
        cpu=True,
        gradient_accumulation_steps=program["accumulate"],
        step_scheduler_with_optimizer=program["follows"],
        dataloader_config=DataLoaderConfiguration(
            split_batches=program["split"],
            dispatch_batches=program["dispatch"],
            even_batches=program["even"],
            use_seedable_sampler=program["seedable"],
        ),
    )


def _objects(program: Program) -> tuple[Any, ...]:
    torch.manual_seed(program["seed"])
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    }
    optimizer = kinds[program["optimizer"]](model.parameters())
    rows = torch.arange(program["samples"])
    data = TensorDataset(rows, torch.randn(len(rows), 3), torch.randn(len(rows), 1))
    streamed = program["streamed"]
    loader: DataLoader[Any] = DataLoader(
        Stream(data) if streamed else data,
        batch_size=program["batch"],
        shuffle=program["shuffle"] and not streamed,
        drop_last=program["drop_last"],
    )
    schedules = {
        "steps": lambda: torch.optim.lr_scheduler.StepLR(optimizer, 3, gamma=0.7),
        "cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 11),
        "one cycle": lambda: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=program["cycle"]),
        "epochs": lambda: torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5),
    }
    return model, optimizer, loader, schedules[program["schedule"]]()


def _train(library: str, program: Program) -> dict[str, Any]:
    accelerator = _start(library, program)
    model, optimizer, loader, scheduler = _objects(program)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    by_epoch = program["schedule"] == "epochs"
    if not by_epoch:
        scheduler = accelerator.prepare(scheduler)
    seen: dict[str, Any] = {name: [] for name in ("losses", "rates", "rows", "ends", "syncs", "norms")}
    for _ in range(2):
        for step, (rows, x, y) in enumerate(loader):
            with accelerator.accumulate(model):
                loss = nn.functional.mse_loss(model(x), y)
                accelerator.backward(loss)
                if program["clip"] and accelerator.sync_gradients:
                    seen["norms"].append(float(accelerator.clip_grad_norm_(model.parameters(), program["clip"])))
                optimizer.step()
                if not by_epoch:
                    scheduler.step()
                optimizer.zero_grad()
            seen["losses"].append(loss.item())
            seen["rates"].append(scheduler.get_last_lr()[0])
            seen["syncs"].append(accelerator.sync_gradients)
            seen["ends"].append(accelerator.gradient_state.end_of_dataloader)
            seen["rows"].append(accelerator.gather_for_metrics(rows).tolist())
            if step + 1 == program["leave_at"]:
                break
        if by_epoch:
            scheduler.step()
    seen["parameters"] = [value for p in model.parameters() for value in p.flatten().tolist()]
    if program["accumulate"] > 1:  # else the runtime does not ask for the end of the loader, which may cost a fetch
        seen["counted"] = accelerator.step
    seen["length"] = None if program["streamed"] else len(loader)
    return seen


def _read(library: str, program: Program) -> dict[str, Any]:
    """Read alone: where the processes have different numbers of batches, training would hang."""
    accelerator = _start(library, program)
    loader = accelerator.prepare(_objects(program)[2])
    passes = [[[rows.tolist(), len(x)] for rows, x, _ in loader] for _ in range(2)]
    return {"passes": passes, "length": len(loader)}


def check_both(program: Program) -> list[dict[str, Any]]:
    act = _train if program["even"] else _read
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a schedule ran outside a loop, that a last batch was cut
        return [act(library, program) for library in ("runtime", "accelerate")]


@st.composite
def _programs(draw: st.DrawFn, world: int) -> Program:
    split = draw(st.booleans())
    streamed = draw(st.booleans())
    even = draw(st.booleans()) if not (split or streamed) else True
    shuffle = draw(st.booleans())
    batch = draw(st.integers(1, 5))
    drop_last = draw(st.booleans())
    # An epoch without a batch trains nothing on either; a stream shorter than the world hangs the package.
    least = batch * world if drop_last else world if streamed else 1
    follows = draw(st.booleans())
    seedable = shuffle and not streamed and draw(st.booleans())
    split_or_plain = split or not follows  # then the package steps past the end of a cycle, and torch raises
    return {
        "seed": draw(st.integers(0, 9)),
        "samples": draw(st.integers(least, 24)) * (world if split else 1),
        "batch": batch * world if split else batch,
        "drop_last": drop_last,
        "shuffle": shuffle,
        "seedable": seedable,
        "streamed": streamed,
        "split": split,
        # Streams that every process reads: there the package does not cut repeated rows, and the runtime does.
        "dispatch": True if streamed else (draw(st.booleans()) and even) or None,
        "even": even,
        "accumulate": draw(st.integers(1, 4)),
        "clip": draw(st.sampled_from([None, 0.1, 1.0])),
        "optimizer": draw(st.sampled_from(["sgd", "adam"])),
        "schedule": draw(st.sampled_from(["steps", "cosine", "one cycle", "epochs"])),
        "follows": follows,
        "cycle": 100 if split_or_plain else 9,
        # The package reads a batch ahead, and a sampler that ends draws once more: then the next order is another.
        "leave_at": None if shuffle else draw(st.sampled_from([None, None, 2])),
    }


def _assert_alike(told: list[list[dict[str, Any]]]) -> None:
    for rank, (ours, theirs) in enumerate(told):
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            if name in ("losses", "parameters", "norms", "rates"):
                assert value == pytest.approx(theirs[name], rel=1e-5, abs=1e-6), f"{name} of process {rank}"
            else:
                assert value == theirs[name], f"{name} of process {rank}"


BUDGET = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@BUDGET
@given(program=_programs(world=1))
def test_on_one_process(program: Program) -> None:
    _assert_alike([check_both(program)])


@pytest.mark.parametrize("world", [2, 3])
def test_on_several_processes(team: Teams, world: int) -> None:

    @BUDGET
    @given(program=_programs(world=world))
    def check(program: Program) -> None:
        _assert_alike(team(world)(check_both, program=program))

    check()
