"""What may be asked of torch through an Accelerator: compiled models, compressed gradients, profiles, folders."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import runtime
from runtime import (
    Accelerator,
    DistributedDataParallelKwargs,
    DynamoBackend,
    ProfileKwargs,
    ProjectConfiguration,
    TorchDynamoPlugin,
    UnsupportedError,
    extract_model_from_parallel,
    is_compiled_module,
)

Pair = Callable[..., list[Any]]


def test_models_are_compiled_last_and_once() -> None:
    accelerator = Accelerator(cpu=True, mixed_precision="bf16", dynamo_backend="eager")
    model = nn.Linear(2, 2)
    prepared = accelerator.prepare(model)
    assert is_compiled_module(prepared) and prepared._orig_mod is model
    assert prepared(torch.ones(1, 2)).dtype == torch.float32
    with pytest.warns(UserWarning, match="has got this Linear before"):
        assert accelerator.prepare(model) is prepared
    assert accelerator.prepare(prepared) is prepared
    assert accelerator.unwrap_model(prepared) is prepared
    assert accelerator.unwrap_model(prepared, keep_torch_compile=False) is model
    assert list(accelerator.get_state_dict(prepared)) == ["weight", "bias"]


def test_what_is_compiled_around_a_wrapper_is_compiled_without_it() -> None:
    model = nn.Linear(2, 2)
    compiled = torch.compile(nn.DataParallel(model), backend="eager")
    inner = extract_model_from_parallel(compiled)
    assert is_compiled_module(inner) and inner._orig_mod is model
    assert isinstance(compiled._orig_mod, nn.DataParallel), "the argument stays as it is"
    assert extract_model_from_parallel(compiled, keep_torch_compile=False) is model


def test_the_environment_says_how_to_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    assert TorchDynamoPlugin().to_kwargs() == {} and TorchDynamoPlugin().backend is DynamoBackend.NO
    for name, value in {"BACKEND": "EAGER", "MODE": "reduce-overhead", "USE_DYNAMIC": "false"}.items():
        monkeypatch.setenv(f"ACCELERATE_DYNAMO_{name}", value)
    assert TorchDynamoPlugin().to_kwargs() == {"backend": "eager", "mode": "reduce-overhead", "dynamic": False}
    assert TorchDynamoPlugin(mode="default", dynamic=True).to_kwargs() == {"backend": "eager", "dynamic": True}
    monkeypatch.delenv("ACCELERATE_DYNAMO_MODE")
    assert is_compiled_module(Accelerator(cpu=True).prepare(nn.Linear(1, 1)))
    with pytest.raises(UnsupportedError, match="use_regional_compilation"):
        TorchDynamoPlugin(use_regional_compilation=True)


def check_compression(hook: str, wrapper: str) -> list[float]:
    handler = DistributedDataParallelKwargs(comm_hook=hook, comm_wrapper=wrapper)
    accelerator = Accelerator(kwargs_handlers=[handler])
    torch.manual_seed(0)
    model = accelerator.prepare(nn.Linear(4, 4, bias=False))
    accelerator.backward(model(torch.full((2, 4), 1.0 + 2 * accelerator.process_index)).sum())
    return model.weight.grad.flatten().tolist()


@pytest.mark.parametrize("hook", ["fp16", "power_sgd", "batched_power_sgd"])  # bf16 needs nccl
def test_gradients_are_compressed_on_their_way(pair: Pair, hook: str) -> None:
    first, second = pair(check_compression, hook=hook, wrapper="fp16" if "power" in hook else "no")
    assert first == second == pytest.approx([4.0] * 16, rel=1e-2)


def test_a_hook_that_nobody_has_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        DistributedDataParallelKwargs(comm_hook="zip").register_comm_hook(None)
    assert DistributedDataParallelKwargs(comm_hook="fp16").to_kwargs() == {}, "no argument of torch's"


def test_a_profile_is_written_for_each_process(tmp_path: Path) -> None:
    ready: list[Any] = []
    handler = ProfileKwargs(
        activities=["cpu"],
        schedule_option={"wait": 1, "warmup": 1, "active": 1, "repeat": 2},
        on_trace_ready=ready.append,
    )
    accelerator = Accelerator(cpu=True, kwargs_handlers=[handler])
    with accelerator.profile() as profiler:
        for _ in range(9):
            torch.ones(2) + 1
            profiler.step()
    assert len(ready) == 2
    with accelerator.profile(ProfileKwargs(activities=["cpu"], output_trace_dir=str(tmp_path / "t"))):
        torch.ones(2) + 1
    assert json.loads((tmp_path / "t" / "profile_0.json").read_text())["traceEvents"]
    with pytest.raises(ValueError, match="Invalid profiler activity: tpu"):
        ProfileKwargs(activities=["tpu"]).build()


def test_a_project_has_one_folder_unless_it_names_two() -> None:
    assert ProjectConfiguration("p").logging_dir == "p"
    accelerator = Accelerator(cpu=True, project_dir="p", project_config=ProjectConfiguration(logging_dir="l"))
    assert (accelerator.project_dir, accelerator.logging_dir, accelerator.save_iteration) == ("p", "l", 0)


def test_everything_lets_go(tmp_path: Path) -> None:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = accelerator.prepare(nn.Linear(1, 1))
    with accelerator.accumulate(model):
        pass
    assert accelerator.step == 1
    (model,) = accelerator.clear(model)
    assert model is None and accelerator._models == [] and accelerator.step == 0


def test_every_name_is_there_and_at_accelerates_address() -> None:
    from runtime import utils

    for name in runtime.__all__:
        assert getattr(runtime, name) is getattr(utils, name)
    assert set(runtime.__all__) <= set(dir(runtime)) and set(dir(utils)) == set(runtime.__all__)
    with pytest.raises(AttributeError, match=r"module 'runtime\.utils' has no attribute 'nonsense'"):
        _ = utils.nonsense
    assert os.path.exists(Path(runtime.__file__).with_name("py.typed"))
