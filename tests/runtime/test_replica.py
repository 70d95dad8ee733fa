"""A prepared model on two processes: DistributedDataParallel underneath, the user's module to look at."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from runtime import Accelerator, DistributedDataParallelKwargs, SettingsError

Pair = Callable[..., list[Any]]


class Net(nn.Module):
    """Has names that DistributedDataParallel has too."""

    def __init__(self) -> None:
        super().__init__()
        self.dim = 512
        self.temperature = 1.0
        self.layers = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
        self.head = nn.Linear(3, 1)
        self.register_buffer("calls", torch.zeros(1, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.head(self.layers(x)) * self.temperature

    def generate(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> nn.Module:
        return self.layers[index]


def check_looks() -> None:
    raw = Net()
    accelerator = Accelerator()
    model = accelerator.prepare(raw)
    assert isinstance(model, DistributedDataParallel) and model.module is raw
    assert accelerator.unwrap_model(model) is raw and accelerator.unwrap_model(raw) is raw
    assert model.dim == 512 and model.generate(torch.ones(2, 3)).shape == (2, 3)
    model.temperature = 0.5
    model.extra = "new"
    model.dim = 3
    assert (raw.temperature, raw.extra, raw.dim) == (0.5, "new", 3)
    del model.extra
    assert not hasattr(raw, "extra") and not hasattr(model, "extra")
    assert model[0] is raw.layers[0] and len(model) == 2 and bool(model)
    assert [name for name, _ in model.named_children()] == ["layers", "head"]
    assert dict(model.named_parameters()).keys() == dict(raw.named_parameters()).keys()
    assert model.get_submodule("layers.0") is raw.layers[0] and "generate" in dir(model)
    model.eval()
    assert not raw.training and not raw.layers[1].training and not model.training
    model.train()
    assert raw.layers[1].training and model.training
    seen: list[nn.Module] = []
    model.apply(seen.append)
    assert raw in seen and model not in seen
    model.double()
    assert raw.head.weight.dtype == torch.float64
    assert next(iter(accelerator.prepare(nn.Sequential(nn.Linear(1, 1))))).in_features == 1


def test_attributes_items_and_methods_are_the_modules(pair: Pair) -> None:
    pair(check_looks)


def check_state() -> None:
    accelerator = Accelerator()
    raw = Net()
    model = accelerator.prepare(raw)
    state = model.state_dict()
    assert state.keys() == raw.state_dict().keys() and not any(key.startswith("module.") for key in state)
    model.load_state_dict({key: torch.ones_like(value) for key, value in state.items()})
    assert raw.head.weight.eq(1).all()
    model.load_state_dict({f"module.{key}": torch.zeros_like(value) for key, value in state.items()})
    assert raw.head.weight.eq(0).all(), "a checkpoint of a plain DistributedDataParallel"
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert type(copied) is Net and copied is not raw
        assert all(torch.equal(a, b) for a, b in zip(copied.state_dict().values(), state.values(), strict=True))
    assert b"runtime" not in pickle.dumps(model), "whoever loads it does not need this package"


def test_state_and_copies_carry_no_trace_of_the_wrapper(pair: Pair) -> None:
    pair(check_state)


def check_start() -> None:
    accelerator = Accelerator()
    torch.manual_seed(accelerator.process_index)
    model = accelerator.prepare(Net())
    for value in model.state_dict().values():
        rows = accelerator.gather(value[None])
        assert torch.equal(rows[0], rows[1])


def test_processes_start_from_the_same_parameters(pair: Pair) -> None:
    pair(check_start)


def check_frozen() -> None:
    accelerator = Accelerator()
    frozen = Net().requires_grad_(False)
    assert accelerator.prepare(frozen) is frozen, "nothing to average"
    assert accelerator.prepare(nn.MSELoss()).reduction == "mean"
    judge = Net()
    assert accelerator.prepare_model(judge, evaluation_mode=True) is judge
    raw = Net()
    model = accelerator.prepare(raw)
    assert accelerator.prepare(model) is model
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert accelerator.prepare(raw) is model, "not wrapped twice"
    assert "has got this Net before" in str(caught[-1].message)
    assert Accelerator().prepare(model) is model and Accelerator().prepare(raw) is model


def test_a_model_is_wrapped_only_if_it_trains_and_only_once(pair: Pair) -> None:
    pair(check_frozen)


def check_alone() -> float:
    """One process evaluates and draws samples by itself, between training steps of all."""
    torch.manual_seed(0)
    accelerator = Accelerator()
    model = accelerator.prepare(Net())
    loss = torch.tensor(0.0)
    for step in range(3):
        torch.manual_seed(10 * step + accelerator.process_index)
        accelerator.backward(model(torch.randn(4, 3)).square().mean())
        if accelerator.is_main_process:
            model.eval()
            with torch.no_grad():
                loss = model(torch.ones(2, 3)).sum()
            model(torch.ones(2, 3))  # gradients enabled, by mistake
            model.train()
    accelerator.wait_for_everyone()
    gathered = accelerator.gather(model.head.weight.grad[None])
    assert torch.equal(gathered[0], gathered[1])
    return float(loss)


def test_one_process_may_evaluate_alone(pair: Pair) -> None:
    assert pair(check_alone)[0] != 0


def check_buffers() -> list[list[float]]:
    """After each backward every process has the running statistics of process 0."""
    accelerator = Accelerator()
    norm = nn.BatchNorm1d(2, momentum=1.0)
    model = accelerator.prepare(norm)
    seen = []
    for step in range(2):
        x = torch.tensor([[0.0, 0.0], [2.0, 4.0]]) * (1 + accelerator.process_index) * (1 + step)
        accelerator.backward(model(x).square().sum())
        seen.append([*norm.running_mean.tolist(), float(norm.num_batches_tracked)])
    model.eval()
    with torch.no_grad():
        assert torch.isfinite(model(torch.zeros(1, 2))).all()
    return seen


def test_buffers_are_those_of_process_0_after_a_backward(pair: Pair) -> None:
    assert pair(check_buffers) == [[[1.0, 2.0, 1.0], [2.0, 4.0, 2.0]]] * 2


class Masked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("mask", torch.tensor([1.0, 0.0]).expand(3, 2))
        self.register_buffer("flag", torch.tensor(True))
        self.register_buffer("absent", None)
        self.register_buffer("brief", torch.tensor([1.5, 2.0], dtype=torch.bfloat16), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.flag = ~self.flag  # by assignment, not in place
        return self.linear(x) * self.mask


def check_odd_buffers() -> bool:
    accelerator = Accelerator()
    model = accelerator.prepare(Masked())
    for _ in range(2):
        accelerator.backward(model(torch.ones(3, 2)).sum())
        if accelerator.process_index:
            model.flag = ~model.flag
    accelerator.backward(model(torch.ones(3, 2)).sum())
    assert model.mask.tolist() == [[1.0, 0.0]] * 3 and model.absent is None and model.brief.tolist() == [1.5, 2.0]
    return bool(model.flag)


def test_buffers_of_any_kind_are_shared(pair: Pair) -> None:
    assert pair(check_odd_buffers) == [False, False]


def check_arguments() -> None:
    accelerator = Accelerator(kwargs_handlers=[DistributedDataParallelKwargs(bucket_cap_mb=3, broadcast_buffers=False)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch 2.13 is about to rename broadcast_buffers
        model = accelerator.prepare(nn.BatchNorm1d(1))
    assert model.bucket_bytes_cap == 3 * 2**20
    accelerator.backward(model(torch.tensor([[0.0], [2.0]]) * (1 + accelerator.process_index)).square().sum())
    assert model.running_mean.tolist() == torch.tensor([0.1 * (1 + accelerator.process_index)]).tolist()


def test_arguments_reach_distributed_data_parallel(pair: Pair) -> None:
    pair(check_arguments)


def check_refusals() -> list[str]:
    accelerator = Accelerator()
    told = []
    try:
        accelerator.prepare(DataParallel(nn.Linear(1, 1)))
    except SettingsError as error:
        told.append(str(error))
    mine = DistributedDataParallel(nn.Linear(1, 1))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert accelerator.prepare(mine) is mine
    return told + [str(warning.message) for warning in caught]


def test_wrappers_of_the_script_are_told_of(pair: Pair) -> None:
    for data_parallel, distributed in pair(check_refusals):
        assert "Pass the model that it wraps" in data_parallel
        assert "already wrapped in DistributedDataParallel" in distributed and "Pass the plain model" in distributed


def check_hidden_name() -> list[str]:
    class Logs(nn.Linear):
        logger = "mine"

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Accelerator().prepare(Logs(1, 1))
    return [str(warning.message) for warning in caught]


def test_an_attribute_that_stays_hidden_is_told_of(pair: Pair) -> None:
    for messages in pair(check_hidden_name):
        assert len(messages) == 1 and "`logger`" in messages[0] and "unwrap_model(model).logger" in messages[0]


def check_stranger() -> list[str]:
    accelerator = Accelerator()
    model, image = nn.Linear(2, 1), torch.ones(1, 2, requires_grad=True)
    optimizer = torch.optim.SGD([*model.parameters(), image], lr=0.1)
    model, optimizer = accelerator.prepare(model, optimizer)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            accelerator.backward(model(image).sum())
    return [str(warning.message) for warning in caught]


def test_tensors_that_no_prepared_model_holds_are_told_of_once(pair: Pair) -> None:
    for messages in pair(check_stranger):
        assert len(messages) == 1 and "`SGD` updates 1 tensors" in messages[0] and "(1, 2)" in messages[0]
