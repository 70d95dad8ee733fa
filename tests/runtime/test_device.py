"""Which device a process trains on, with machines that are played."""

from __future__ import annotations

import warnings

import pytest
import torch

from runtime import Accelerator, SettingsError
from runtime.environment import Environment
from runtime.world import _rank_device, join

Patch = pytest.MonkeyPatch


def _with_gpus(patch: Patch, count: int) -> None:
    patch.setattr(torch.cuda, "is_available", lambda: count > 0)
    patch.setattr(torch.cuda, "device_count", lambda: count)
    patch.setattr(torch.cuda, "set_device", lambda index: None)


@pytest.mark.skipif(not hasattr(torch, "accelerator"), reason="since torch 2.6")
@pytest.mark.parametrize("kind", ["mps", "xpu"])
def test_apples_and_intels_gpus_are_found_by_torch(monkeypatch: Patch, kind: str) -> None:
    _with_gpus(monkeypatch, 0)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device(kind))
    world = join(Environment())
    assert world.device == torch.device(kind) and world.size == 1 and world.distributed_type == "NO"
    assert join(Environment(), cpu=True).device == torch.device("cpu")


def test_without_any_it_is_the_cpu(monkeypatch: Patch) -> None:
    _with_gpus(monkeypatch, 0)
    if hasattr(torch, "accelerator"):
        monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert join(Environment()).device == torch.device("cpu") == Accelerator().device


def _warnings(environment: Environment, local_rank: int | None) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if local_rank is None:
            assert join(environment).device == torch.device("cuda")
        else:
            assert _rank_device(environment, local_rank, cpu=False) == torch.device("cuda", local_rank)
    return [str(warning.message) for warning in caught]


def test_more_gpus_than_processes_are_told_of_once(monkeypatch: Patch) -> None:
    _with_gpus(monkeypatch, 4)
    (alone,) = _warnings(Environment(), None)
    assert "uses one of 4 visible GPUs" in alone and "torchrun --nproc_per_node 4" in alone
    pair = Environment(world_size=2, local_world_size=2)
    (first,) = _warnings(pair, 0)
    assert "use 2 of 4 visible GPUs" in first and "CUDA_VISIBLE_DEVICES" in first
    assert _warnings(pair, 1) == [], "one process of each machine speaks"
    assert _warnings(Environment(world_size=4, local_world_size=4), 0) == []


def test_a_process_without_a_gpu_is_refused(monkeypatch: Patch) -> None:
    _with_gpus(monkeypatch, 1)
    with pytest.raises(SettingsError, match="local rank 1 has no GPU: 1 visible"):
        _rank_device(Environment(), 1, cpu=False)
    assert _rank_device(Environment(has_own_gpu=True), 1, cpu=False) == torch.device("cuda", 0)
    assert _rank_device(Environment(), 1, cpu=True) == torch.device("cpu")
