"""What a prepared model is to torch's own tools: checkpoints, compilation, and every nesting of wrappers."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    get_state_dict,
    set_model_state_dict,
    set_state_dict,
)
from torch.nn.parallel import DistributedDataParallel

from runtime import Accelerator

Pair = Callable[..., list[Any]]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
        self.head = nn.Linear(4, 1)
        self.scale = 1.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(x)) * self.scale


def _trained() -> tuple[Accelerator, nn.Module, nn.Module, Any]:
    torch.manual_seed(0)
    accelerator = Accelerator()
    raw = Net()
    model, optimizer = accelerator.prepare(raw, torch.optim.Adam(raw.parameters(), lr=0.1))
    for _ in range(2):
        accelerator.backward(model(torch.ones(2, 3)).sum())
        optimizer.step()
        optimizer.zero_grad()
    return accelerator, raw, model, optimizer


def check_state_dict() -> None:
    _, raw, model, optimizer = _trained()
    inner = optimizer.optimizer
    for options in (None, StateDictOptions(full_state_dict=True, cpu_offload=True)):
        values, states = get_state_dict(model, inner, options=options)
        assert values.keys() == raw.state_dict().keys() if dist.get_rank() == 0 or options is None else not values
        if dist.get_rank() == 0 or options is None:
            assert set(states["state"]) == set(values), "optimizer states go by the module's own names"
    values = get_model_state_dict(model)
    states = get_optimizer_state_dict(model, inner)
    kept = {name: value.clone() for name, value in values.items()}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    set_model_state_dict(model, dict(kept))  # torch renames the keys of what it is given
    assert all(torch.equal(value, kept[name]) for name, value in raw.state_dict().items())
    set_state_dict(model, inner, model_state_dict=dict(kept), optim_state_dict=states)
    assert all(state["step"].item() == 2 for state in inner.state.values())


def test_distributed_checkpoints_see_the_modules_names(pair: Pair) -> None:
    pair(check_state_dict)


def check_files(folder: str) -> None:
    """Save with torch.distributed.checkpoint on two processes, into the module and from it."""
    _, raw, model, _ = _trained()
    kept = {name: value.clone() for name, value in raw.state_dict().items()}
    dcp.save({"model": get_model_state_dict(model)}, checkpoint_id=folder)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    state = {"model": get_model_state_dict(model)}
    dcp.load(state, checkpoint_id=folder)
    set_model_state_dict(model, state["model"])
    assert all(torch.equal(value, kept[name]) for name, value in raw.state_dict().items())


def test_a_distributed_checkpoint_is_written_and_read(pair: Pair) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pair(check_files, folder=folder)
        fresh = {"model": Net().state_dict()}
        dcp.load(fresh, checkpoint_id=folder)
        assert Path(folder).is_dir() and any(value.abs().sum() > 0 for value in fresh["model"].values())


WRAPPERS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "distributed": DistributedDataParallel,
    "parallel": nn.DataParallel,
    "compiled": lambda model: torch.compile(model, backend="eager"),
}


def _nestings() -> Iterator[tuple[str, ...]]:
    for depth in range(4):
        for names in itertools.product(WRAPPERS, repeat=depth):
            # Two of the first would register their hooks twice; of a compiled model torch.compile makes a function.
            if names.count("distributed") <= 1 and ("compiled", "compiled") not in itertools.pairwise(names):
                yield names


def check_nestings() -> int:
    accelerator = Accelerator()
    x = torch.ones(2, 3)
    count = 0
    for names, inside in itertools.product(_nestings(), (False, True)):
        torch.manual_seed(0)
        raw = Net()
        if inside:
            raw.layers = torch.compile(raw.layers, backend="eager")
        expected = raw(x)
        model: nn.Module = raw
        for name in names:
            model = WRAPPERS[name](model)
        outermost = model
        whole = accelerator.unwrap_model(model, keep_torch_compile=False)
        assert whole is raw, names
        kept = accelerator.unwrap_model(model)
        assert (kept is raw) == ("compiled" not in names), names
        assert getattr(kept, "_orig_mod", raw) is raw, "one compiled form, right around the user's module"
        assert not any(isinstance(part, (DistributedDataParallel, nn.DataParallel)) for part in kept.modules())
        assert not any(key.startswith("module.") for key in kept.state_dict())
        if len(names) < 2:  # compiling takes its time
            torch.testing.assert_close(kept(x), expected)
        while model is not raw:  # nothing was taken apart
            model = model._modules["module" if "module" in model._modules else "_orig_mod"]
        assert accelerator.unwrap_model(outermost, keep_torch_compile=False) is raw
        count += 1
    return count


def test_every_nesting_of_wrappers_is_undone(pair: Pair) -> None:
    assert pair(check_nestings)[0] > 40


def check_compiled(outside: bool) -> None:
    torch.manual_seed(0)
    accelerator = Accelerator()
    raw = Net()
    model = torch.compile(raw, backend="eager") if not outside else raw
    model, optimizer = accelerator.prepare(model, torch.optim.SGD(raw.parameters(), lr=0.1))
    called = torch.compile(model, backend="eager") if outside else model
    model.scale = 2.0
    assert raw.scale == 2.0 and model.head is raw.head
    for step in range(3):
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(10 * step + accelerator.process_index))
        accelerator.backward(called(x).square().mean())
        optimizer.step()
        optimizer.zero_grad()
    rows = accelerator.gather(raw.head.weight[None])
    assert torch.equal(rows[0], rows[1])
    assert accelerator.unwrap_model(called, keep_torch_compile=False) is raw


@pytest.mark.parametrize("outside", [False, True], ids=["before prepare", "after prepare"])
def test_compiled_models_train(pair: Pair, outside: bool) -> None:
    pair(check_compiled, outside=outside)


def test_half_precision_reaches_into_a_compiled_model() -> None:
    torch.manual_seed(0)
    raw = Net()
    seen: list[torch.dtype] = []
    raw.layers.register_forward_hook(lambda *arguments: seen.append(arguments[-1].dtype))
    accelerator = Accelerator(cpu=True, mixed_precision="bf16")
    model = accelerator.prepare(torch.compile(raw, backend="eager"))
    assert model(torch.ones(2, 3)).dtype == torch.float32 and seen == [torch.bfloat16]
    accelerator.unwrap_model(model, keep_fp32_wrapper=False, keep_torch_compile=False)
    assert raw(torch.ones(2, 3)).dtype == torch.float32 and seen[-1] == torch.float32
