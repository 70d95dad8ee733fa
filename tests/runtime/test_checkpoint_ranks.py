"""Checkpoints that several processes write together."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from runtime import Accelerator, ProjectConfiguration, SettingsError
from runtime.checkpoint import saving, staging
from tests.runtime.processes import Team, TeamError

Pair = Callable[..., list[Any]]


def _prepared(value: float, **options: Any) -> tuple[Accelerator, nn.Module]:
    accelerator = Accelerator(cpu=True, **options)
    model = accelerator.prepare(nn.Linear(2, 1))
    nn.init.constant_(model.weight, value)
    return accelerator, model


def check_save(folder: str) -> list[Any]:
    accelerator, model = _prepared(1.0)
    torch.manual_seed(accelerator.process_index)
    accelerator.save_state(folder)
    own = torch.rand(1).item()
    nn.init.zeros_(model.weight)
    accelerator.load_state(folder)
    return [own, torch.rand(1).item(), model.weight.sum().item()]


def test_each_process_gets_its_own_random_states_back(pair: Pair, tmp_path: Path) -> None:
    (first, first_again, weight), (second, second_again, other) = pair(check_save, folder=str(tmp_path / "c"))
    assert first == first_again != second == second_again and weight == other == 2.0
    expected = "complete model.safetensors random_states_0.pkl random_states_1.pkl".split()
    names = [name for name in sorted(os.listdir(tmp_path / "c")) if not name.startswith("loader_positions")]
    assert names == expected and os.listdir(tmp_path) == ["c"]


def check_failure(folder: str) -> list[Any]:
    accelerator, model = _prepared(1.0)
    accelerator.save_state(folder)
    nn.init.constant_(model.weight, 5.0)
    real, told = saving._write_own, []

    def fails(*arguments: Any) -> None:
        if accelerator.process_index == 1:
            raise OSError("disk full")
        real(*arguments)

    saving._write_own = fails
    try:
        accelerator.save_state(folder)
    except (OSError, RuntimeError) as error:
        told.append(str(error))
    finally:
        saving._write_own = real
    accelerator.load_state(folder)
    before = model.weight.sum().item()
    nn.init.constant_(model.weight, 5.0)
    accelerator.save_state(folder)
    accelerator.load_state(folder)
    return [*told, before, model.weight.sum().item()]


def test_a_failure_of_one_process_stops_all_and_harms_nothing(pair: Pair, tmp_path: Path) -> None:
    first, second = pair(check_failure, folder=str(tmp_path / "c"))
    assert first == ["Process 1 failed with OSError: disk full", 2.0, 10.0]
    assert second == ["disk full", 2.0, 10.0]


def check_disks(folder: str) -> list[Any]:
    accelerator, _ = _prepared(1.0)
    real = Path.exists
    if accelerator.process_index == 1:
        Path.exists = lambda self, **options: self.name != saving._OWNER and real(self, **options)  # type: ignore[method-assign]
    try:
        accelerator.save_state(folder)
    except SettingsError as error:
        return [str(error)]
    finally:
        Path.exists = real  # type: ignore[method-assign]
    return []


def test_disks_that_are_not_shared_are_refused(pair: Pair, tmp_path: Path) -> None:
    for message in pair(check_disks, folder=str(tmp_path / "c")):
        assert "their machines share no disk. Write `ProjectConfiguration(save_on_each_node=True)`" in message[0]
    assert not (tmp_path / "c").exists()


def check_each_node(folder: str) -> list[Any]:
    project = ProjectConfiguration(save_on_each_node=True)
    accelerator, model = _prepared(3.0, project_config=project)
    local = Path(folder) / "shared"
    accelerator.save_state(local)
    nn.init.zeros_(model.weight)
    accelerator.load_state(local)
    return [model.weight.sum().item()]


def test_the_first_process_of_each_machine_may_write(pair: Pair, tmp_path: Path) -> None:
    assert pair(check_each_node, folder=str(tmp_path)) == [[6.0], [6.0]]


def check_kill(folder: str) -> None:
    accelerator, model = _prepared(1.0)
    accelerator.save_state(folder)
    nn.init.constant_(model.weight, 5.0)
    real = os.rename

    def rename(source: Any, target: Any) -> None:
        real(source, target)
        os.kill(os.getpid(), signal.SIGKILL)

    os.rename = rename
    accelerator.save_state(folder)


def test_a_process_killed_between_two_renames_leaves_a_checkpoint(tmp_path: Path) -> None:
    team = Team(2)
    with pytest.raises(TeamError):
        team.run(check_kill, folder=str(tmp_path / "c"), limit_s=30.0)
    team.close()
    assert sorted(os.listdir(tmp_path)) == [".c.partial", ".c.previous"], "the worst moment"
    accelerator, model = _prepared(0.0)
    accelerator.load_state(tmp_path / "c")
    assert model.weight.sum().item() == 10.0 and os.listdir(tmp_path) == ["c"]
    assert (staging.read_marker(tmp_path / "c") or {})["world_size"] == 2
