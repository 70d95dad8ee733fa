"""The Accelerator itself: what its constructor takes and refuses, and what `prepare` does with what it gets."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from runtime import (
    Accelerator,
    AutocastKwargs,
    DataLoaderConfiguration,
    DistributedDataParallelKwargs,
    GradientAccumulationPlugin,
    InitProcessGroupKwargs,
    KwargsHandler,
    SettingsError,
    TorchDynamoPlugin,
    UnsupportedError,
    set_seed,
)
from runtime.data import PreparedLoader
from runtime.optimizer import PreparedOptimizer
from runtime.scheduler import PreparedScheduler
from runtime.world import World

Pair = Callable[..., list[Any]]


class Foreign(KwargsHandler):
    """A handler that nobody asked for."""


REFUSED = {
    "an argument that nobody has": ({"precison": "bf16"}, TypeError, "unexpected keyword argument 'precison'"),
    "an unknown tracker": ({"log_with": "paper"}, ValueError, "Unsupported logging capability: paper"),
    "a tracker without a folder": ({"log_with": "jsonl"}, ValueError, "requires a `logging_dir`"),
    "two ways to compile": (
        {"dynamo_backend": "eager", "dynamo_plugin": TorchDynamoPlugin(backend="eager")},
        SettingsError,
        "were both passed",
    ),
    "another engine": ({"fsdp_plugin": object()}, UnsupportedError, "import `Accelerator` from Hugging Face"),
    "no steps": ({"gradient_accumulation_steps": 0}, SettingsError, "is 0; it has to be a whole number, 1 or more"),
    "half a step": ({"gradient_accumulation_steps": 1.5}, SettingsError, "is 1.5; it has to be a whole number"),
    "steps and plugin": (
        {"gradient_accumulation_steps": 2, "gradient_accumulation_plugin": GradientAccumulationPlugin(4)},
        SettingsError,
        r"Write `GradientAccumulationPlugin\(num_steps=2",
    ),
    "split_batches in two places": (
        {"split_batches": True, "dataloader_config": DataLoaderConfiguration()},
        SettingsError,
        r"Write `DataLoaderConfiguration\(split_batches=True",
    ),
    "two handlers": ({"kwargs_handlers": [AutocastKwargs(), AutocastKwargs()]}, SettingsError, "two AutocastKwargs"),
    "a handler's class": ({"kwargs_handlers": [AutocastKwargs]}, SettingsError, "is no KwargsHandler object"),
    "a handler unknown here": ({"kwargs_handlers": [Foreign()]}, UnsupportedError, r"kwargs_handlers=\[Foreign\("),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_refused(name: str) -> None:
    arguments, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        Accelerator(cpu=True, **arguments)


def test_another_engine_of_the_launcher_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "false")
    Accelerator(cpu=True)
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    with pytest.raises(UnsupportedError, match=r"DeepSpeed, which `accelerate launch` was told to use.*--target"):
        Accelerator(cpu=True)


def test_none_may_be_passed_for_what_is_not_supported() -> None:
    assert Accelerator(cpu=True, log_with=None, fsdp_plugin=None, project_dir=None).num_processes == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lomo_backward", "`Accelerator.lomo_backward` is not supported.*--target accelerate"),
        ("savestate", "has no attribute"),
    ],
)
def test_a_missing_member_is_told_of(name: str, message: str) -> None:
    accelerator = Accelerator(cpu=True)
    with pytest.raises(AttributeError, match=message):
        getattr(accelerator, name)
    assert not hasattr(accelerator, name)


def test_handlers_say_what_was_changed() -> None:
    assert InitProcessGroupKwargs().to_kwargs() == {}
    assert DistributedDataParallelKwargs(find_unused_parameters=True).to_kwargs() == {"find_unused_parameters": True}


def test_prepare_returns_in_the_callers_order() -> None:
    accelerator = Accelerator(cpu=True)
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    marker = object()
    got = accelerator.prepare(scheduler, None, DataLoader([1]), marker, optimizer, 3, model, nn.Linear)
    kinds = [type(one) for one in got]
    assert kinds == [PreparedScheduler, type(None), PreparedLoader, object, PreparedOptimizer, int, nn.Linear, type]
    assert got[3] is marker and got[6] is model and got[7] is nn.Linear
    assert got[0].optimizers == [got[4]], "whatever the order, the scheduler finds its optimizer"
    assert accelerator.prepare(marker) is marker, "one object comes back as itself"
    assert accelerator.prepare() == ()


def test_placement_is_told_for_each_object() -> None:
    accelerator = Accelerator(cpu=True)
    accelerator.state._shared_state["_world"] = World(torch.device("meta"))
    stays, goes = accelerator.prepare(nn.Linear(1, 1), nn.Linear(1, 1), device_placement=[False, None])
    assert stays.weight.device.type == "cpu" and goes.weight.device.type == "meta"
    loader = accelerator.prepare(DataLoader(torch.ones(2, 1)))
    assert next(iter(loader)).is_meta
    stays_too = accelerator.prepare(DataLoader(torch.ones(2, 1)), device_placement=[False])
    assert not next(iter(stays_too)).is_meta
    with pytest.raises(SettingsError, match="`device_placement` has 1 entries for 2 objects"):
        accelerator.prepare(stays, goes, device_placement=[True])


def test_nothing_is_moved_when_told_so() -> None:
    accelerator = Accelerator(cpu=True, device_placement=False)
    assert accelerator.prepare(DataLoader([1])).device is None


def test_half_precision_models_can_be_copied_pickled_and_restored() -> None:
    accelerator = Accelerator(cpu=True, mixed_precision="bf16", kwargs_handlers=[AutocastKwargs(cache_enabled=False)])
    raw = nn.Linear(2, 2)
    model = accelerator.prepare(raw)
    assert accelerator.prepare(model) is raw
    x = torch.ones(1, 2)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        other.weight.data.zero_()
        assert torch.equal(other(x)[0], other.bias.bfloat16().float()), "computes with parameters of its own"
    assert not torch.equal(model(x)[0], model.bias)
    with accelerator.autocast():
        assert raw(x).dtype == torch.float32 and torch.mm(x, x.t()).dtype == torch.bfloat16
        with accelerator.autocast(AutocastKwargs(enabled=False)):
            assert torch.mm(x, x.t()).dtype == torch.float32
    assert "forward" in vars(accelerator.unwrap_model(model))
    assert accelerator.unwrap_model(model, keep_fp32_wrapper=False) is raw
    assert "forward" not in vars(raw) and raw.forward.__func__ is nn.Linear.forward


def test_unwrapping_goes_through_compiled_modules_on_demand() -> None:
    accelerator, raw = Accelerator(cpu=True), nn.Linear(1, 1)
    compiled = torch.compile(raw, backend="eager")
    assert accelerator.unwrap_model(compiled) is compiled
    assert accelerator.unwrap_model(compiled, keep_torch_compile=False) is raw


def test_backward_divides_by_the_steps_and_passes_arguments_on() -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=4)
    weight = nn.Parameter(torch.ones(1))
    loss = (2 * weight).sum()
    accelerator.backward(loss, retain_graph=True)
    accelerator.backward(loss)
    assert weight.grad is not None and weight.grad.item() == 1.0 and loss.item() == 2.0


def test_clipping_while_accumulating_tells_the_norm_and_changes_nothing() -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    first, second, unused = (nn.Parameter(torch.ones(2)) for _ in range(3))
    first.grad, second.grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, torch.inf])
    with accelerator.accumulate():
        assert accelerator.clip_grad_norm_(first, 1.0) == 3.0 and accelerator.clip_grad_norm_([unused], 1.0) == 0.0
        assert accelerator.clip_grad_norm_(iter([first, second]), 1.0).isinf()
        accelerator.clip_grad_value_([first], 1.0)
    assert first.grad.tolist() == [3.0, 0.0], "not NaN, as clipping by an infinite norm makes it"
    with accelerator.accumulate():
        accelerator.clip_grad_value_([first], 1.0)
        assert first.grad.tolist() == [1.0, 0.0]


def test_accumulation_counts_across_epochs_that_were_left_early() -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=3)
    loader = accelerator.prepare(DataLoader(range(5)))
    synced = []
    for _ in range(2):
        for index, _ in enumerate(loader):
            with accelerator.accumulate():
                synced.append(accelerator.sync_gradients)
            if index == 3:
                break
    assert synced == [False, False, True, False, False, True, False, False] and accelerator.step == 8


def test_a_plugin_may_leave_the_last_group_open() -> None:
    plugin = GradientAccumulationPlugin(num_steps=2, sync_with_dataloader=False)
    accelerator = Accelerator(cpu=True, gradient_accumulation_plugin=plugin)
    synced = []
    for _ in accelerator.prepare(DataLoader(range(3))):
        with accelerator.accumulate():
            synced.append(accelerator.sync_gradients)
    assert synced == [False, True, False]


def test_memory_is_given_back() -> None:
    accelerator = Accelerator(cpu=True)
    model = nn.Linear(1, 1)
    prepared = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=1.0), DataLoader([1]))
    accelerator.step = 3
    assert accelerator.free_memory(*prepared) == [None, None, None]
    assert accelerator._models == accelerator._optimizers == accelerator._dataloaders == [] and accelerator.step == 0


@pytest.mark.parametrize("safe", [False, True], ids=["pickled", "safetensors"])
def test_saving_writes_what_can_be_loaded(tmp_path: Path, safe: bool) -> None:
    state = {"w": torch.arange(4.0).reshape(2, 2).t()}
    Accelerator(cpu=True).save(state, tmp_path / "state", safe_serialization=safe)
    if safe:
        loaded = pytest.importorskip("safetensors.torch").load_file(tmp_path / "state")
    else:
        loaded = torch.load(tmp_path / "state", weights_only=True)
    assert torch.equal(loaded["w"], state["w"])


def test_safetensors_wants_a_path() -> None:
    pytest.importorskip("safetensors")
    with pytest.raises(TypeError, match="writes to a path"):
        Accelerator(cpu=True).save({}, io.BytesIO(), safe_serialization=True)


def check_saved_once(folder: str) -> bool:
    accelerator = Accelerator()
    file = Path(folder, str(accelerator.process_index))
    accelerator.save(accelerator.prepare(nn.Linear(1, 1)), file)
    return file.exists()


def test_the_main_process_alone_saves(pair: Pair, tmp_path: Path) -> None:
    assert pair(check_saved_once, folder=str(tmp_path)) == [True, False]
    assert type(torch.load(tmp_path / "0", weights_only=False)) is nn.Linear


def test_one_process_control_is_trivial(capsys: pytest.CaptureFixture[str]) -> None:
    accelerator = Accelerator(cpu=True)
    assert accelerator.is_main_process and accelerator.is_last_process and not accelerator.use_distributed
    accelerator.wait_for_everyone()
    with accelerator.main_process_first(), accelerator.local_main_process_first():
        accelerator.print("hello", end="!")
    assert capsys.readouterr().out == "hello!"
    with accelerator.no_sync(nn.Linear(1, 1)):
        assert accelerator.sync_gradients
    accelerator.end_training()


def test_a_seed_sets_every_stream() -> None:
    import random

    import numpy as np

    def draw() -> list[float]:
        return [random.random(), float(np.random.rand()), float(torch.rand(1))]

    set_seed(3)
    first = draw()
    set_seed(3)
    assert draw() == first
    Accelerator(cpu=True)
    set_seed(3, device_specific=True)
    assert draw() == first, "process 0 has the seed itself"
    set_seed(4)
    assert draw() != first


def check_seeds() -> float:
    Accelerator()
    set_seed(3, device_specific=True)
    return float(torch.rand(1))


def test_a_seed_may_differ_by_process(pair: Pair) -> None:
    first, second = pair(check_seeds)
    assert first != second
