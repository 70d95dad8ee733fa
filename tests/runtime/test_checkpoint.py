"""Checkpoints on one process: what they hold, that they are whole, and that loading them runs no code."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from runtime import Accelerator, AcceleratorState, GradientState, ProjectConfiguration
from runtime.checkpoint import staging


class Tied(nn.Module):
    """Two layers that are one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.register_buffer("counts", torch.zeros(3, dtype=torch.int64))


class Counter:
    """A thing of the user's that is kept in checkpoints."""

    def __init__(self, value: Any = 0) -> None:
        self.value = value

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.value = state["value"]


def _start(folder: Path | None = None, limit: int | None = None, iteration: int = 0) -> Any:
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    numbered = folder is not None
    project = ProjectConfiguration(folder, None, numbered, limit, iteration)
    accelerator = Accelerator(cpu=True, project_config=project)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 3])
    return accelerator, *accelerator.prepare(model, optimizer, scheduler)


def _step(accelerator: Accelerator, model: nn.Module, optimizer: Any, scheduler: Any) -> None:
    accelerator.backward(model(torch.rand(2, 3)).sum() * random.random() * numpy.random.rand())
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()


@pytest.mark.parametrize("safe", [True, False], ids=["safetensors", "torch"])
def test_training_goes_on_from_a_checkpoint(tmp_path: Path, safe: bool) -> None:
    accelerator, model, optimizer, scheduler = _start()
    counter = Counter(7)
    accelerator.register_for_checkpointing(counter)
    _step(accelerator, model, optimizer, scheduler)
    assert accelerator.save_state(tmp_path / "c", safe_serialization=safe) == tmp_path / "c"
    _step(accelerator, model, optimizer, scheduler)
    expected = model.weight.tolist(), scheduler.get_last_lr()

    accelerator, model, optimizer, scheduler = _start()
    counter = Counter()
    accelerator.register_for_checkpointing(counter)
    accelerator.load_state(tmp_path / "c")
    assert counter.value == 7
    _step(accelerator, model, optimizer, scheduler)
    assert (model.weight.tolist(), scheduler.get_last_lr()) == expected


def test_the_files_are_called_as_accelerate_calls_them(tmp_path: Path) -> None:
    accelerator, *_ = _start()
    accelerator.register_for_checkpointing(Counter())
    accelerator.prepare(nn.Linear(1, 1), DataLoader([1]))
    accelerator.save_state(tmp_path / "c")
    names = (
        "complete custom_checkpoint_0.pkl loader_positions_0.bin model.safetensors model_1.safetensors optimizer.bin"
    )
    assert sorted(os.listdir(tmp_path / "c")) == [*names.split(), "random_states_0.pkl", "scheduler.bin"]
    assert os.listdir(tmp_path) == ["c"]


def test_a_checkpoint_of_accelerates_is_read(tmp_path: Path) -> None:
    script = f"""
import torch, random, numpy
from accelerate import Accelerator
torch.manual_seed(3); random.seed(3); numpy.random.seed(3)
accelerator = Accelerator(cpu=True)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 3])
model, optimizer, scheduler = accelerator.prepare(model, optimizer, scheduler)
accelerator.backward(model(torch.rand(2, 3)).sum()); optimizer.step(); scheduler.step()
accelerator.save_state({str(tmp_path / "c")!r})
print(torch.rand(1).item(), random.random(), numpy.random.rand(), model.weight.sum().item())
"""
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    accelerator, model, _optimizer, _scheduler = _start()
    accelerator.load_state(tmp_path / "c")
    found = torch.rand(1).item(), random.random(), numpy.random.rand(), model.weight.sum().item()
    assert list(found) == [float(word) for word in done.stdout.split()[-4:]]


class Killed(BaseException):
    """Stands for a signal that ends the process: nothing after it runs."""


STEPS = ["rename", "replace", "fsync", "unlink", "mkdir"]


@pytest.mark.parametrize("numbered", [False, True], ids=["in place", "numbered"])
def test_a_kill_at_any_moment_leaves_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numbered: bool
) -> None:
    """Interrupt the writing at every single call that changes the disk."""
    moment = 0
    while True:
        root = tmp_path / str(moment)
        accelerator, model, optimizer, scheduler = _start(root if numbered else None, 1)
        target = None if numbered else root / "c"
        accelerator.save_state(target)
        if not numbered:
            (root / "c" / "notes.txt").write_text("the user's own")
        old = model.weight.tolist()
        _step(accelerator, model, optimizer, scheduler)
        new = model.weight.tolist()
        calls = _interrupt(monkeypatch, moment)
        try:
            accelerator.save_state(target)
        except Killed:
            pass
        finally:
            monkeypatch.undo()
        names = os.listdir(root / "checkpoints" if numbered else root)
        assert len([name for name in names if not name.startswith(".")]) <= 2

        accelerator, model, optimizer, scheduler = _start(root if numbered else None, 1)
        accelerator.load_state(target)
        assert model.weight.tolist() in (old, new)
        if calls[0] <= moment:
            assert model.weight.tolist() == new
            break
        if not numbered:
            assert (root / "c" / "notes.txt").exists() or (root / ".c.previous" / "notes.txt").exists()
            accelerator.save_state(target)
            assert (root / "c" / "notes.txt").read_text() == "the user's own"
            assert sorted(os.listdir(root)) == ["c"], "what was left behind is gone"
        shutil.rmtree(root)
        moment += 1
    assert moment > 20


def _interrupt(monkeypatch: pytest.MonkeyPatch, moment: int) -> list[int]:
    """Raise at the call with number ``moment`` of those that change the disk, and at all after it."""
    calls = [0]

    def interrupted(name: str) -> Any:
        real = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            calls[0] += 1
            if calls[0] > moment:
                raise Killed
            return real(*args, **kwargs)

        return call

    for name in STEPS:
        monkeypatch.setattr(os, name, interrupted(name))
    return calls


def test_the_oldest_go_once_the_new_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accelerator, *_ = _start(tmp_path, limit=2)
    for _ in range(11):
        accelerator.save_state()
    assert sorted(os.listdir(tmp_path / "checkpoints")) == ["checkpoint_10", "checkpoint_9"]
    accelerator.save_iteration = 3
    accelerator.save_state()
    assert sorted(os.listdir(tmp_path / "checkpoints")) == ["checkpoint_10", "checkpoint_3"], "never the new one"

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(staging, "mark_complete", fails)
    with pytest.raises(OSError, match="disk full"):
        accelerator.save_state()
    names = sorted(name for name in os.listdir(tmp_path / "checkpoints") if not name.startswith("."))
    assert names == ["checkpoint_10", "checkpoint_3"]


def test_a_numbered_folder_is_not_overwritten(tmp_path: Path) -> None:
    accelerator, *_ = _start(tmp_path)
    accelerator.save_state()
    accelerator, *_ = _start(tmp_path)
    with pytest.raises(ValueError, match=r"already exists. Please manually override `self.save_iteration`"):
        accelerator.save_state()
    accelerator.save_iteration = 1
    assert accelerator.save_state() == tmp_path / "checkpoints" / "checkpoint_1"


def test_incomplete_checkpoints_are_passed_over(tmp_path: Path) -> None:
    accelerator, model, *_ = _start(tmp_path)
    accelerator.save_state()
    whole = model.weight.tolist()
    nn.init.zeros_(model.weight)
    for _ in range(3):
        accelerator.save_state()
    folders = tmp_path / "checkpoints"
    (folders / "checkpoint_1" / staging.MARKER).unlink()
    (folders / "checkpoint_2" / "optimizer.bin").unlink()
    (folders / "checkpoint_3" / "model.safetensors").write_bytes(b"cut")
    (folders / "checkpoint_9").mkdir()
    (folders / "notes").mkdir()
    accelerator.load_state()
    assert model.weight.tolist() == whole
    for name, flaw in {"checkpoint_1": "never completed", "checkpoint_2": "lacks optimizer.bin"}.items():
        with pytest.raises(ValueError, match=flaw):
            accelerator.load_state(folders / name)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    accelerator, *_ = _start()
    with pytest.raises(ValueError, match=r"Tried to find .*none but folder does not exist"):
        accelerator.load_state(tmp_path / "none")
    with pytest.raises(ValueError, match="automatic checkpoint naming is disabled"):
        accelerator.load_state()
    with pytest.raises(ValueError, match="needs an `output_dir`"):
        accelerator.save_state()
    accelerator.save_state(tmp_path / "c")
    with pytest.raises(TypeError, match="Unsupported optimizer map location passed"):
        accelerator.load_state(tmp_path / "c", map_location="invalid")
    accelerator.register_for_checkpointing(Counter())
    with pytest.raises(RuntimeError, match=r"Number of custom checkpoints .*\n.*checkpoints: 0\n.*objects: 1"):
        accelerator.load_state(tmp_path / "c")
    accelerator, *_ = _start()
    accelerator.prepare(nn.Linear(1, 1))
    with pytest.raises(FileNotFoundError, match=r"no weights for the model with number 1: neither model_1.safetensors"):
        accelerator.load_state(tmp_path / "c")
    numbered, *_ = _start(tmp_path / "project")
    with pytest.raises(ValueError, match="There is no complete checkpoint in"):
        numbered.load_state()


def test_the_working_directory_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accelerator, *_ = _start()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="Save into a folder inside it"):
        accelerator.save_state(".")
    assert accelerator.save_state("relative") == Path("relative")
    accelerator.load_state("relative")


class Attack:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


HELD = ["optimizer.bin", "scheduler.bin", "random_states_0.pkl", "loader_positions_0.bin", "custom_checkpoint_0.pkl"]


@pytest.mark.parametrize("name", [*HELD, "pytorch_model.bin"])
def test_a_hostile_checkpoint_runs_no_code(tmp_path: Path, name: str) -> None:
    accelerator, *_ = _start()
    accelerator.register_for_checkpointing(Counter())
    accelerator.prepare(DataLoader([1]))
    accelerator.save_state(tmp_path / "c", safe_serialization=False)
    torch.save({"state": Attack(tmp_path / "touched")}, tmp_path / "c" / name)
    marker = tmp_path / "c" / staging.MARKER
    facts = json.loads(marker.read_text())
    facts["files"][name] = (tmp_path / "c" / name).stat().st_size
    marker.write_text(json.dumps(facts))
    with pytest.raises(pickle.UnpicklingError, match="could run code of whoever wrote it"):
        accelerator.load_state(tmp_path / "c")
    assert not (tmp_path / "touched").exists()
    bare = tmp_path / "bare.pkl"
    bare.write_bytes(pickle.dumps(Attack(tmp_path / "touched")))
    shutil.copy(bare, tmp_path / "c" / name)
    facts["files"][name] = bare.stat().st_size
    marker.write_text(json.dumps(facts))
    with pytest.raises((pickle.UnpicklingError, RuntimeError)):
        accelerator.load_state(tmp_path / "c")
    assert not (tmp_path / "touched").exists()


def test_a_state_that_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    accelerator, *_ = _start()
    accelerator.save_state(tmp_path / "c")
    accelerator.register_for_checkpointing(Counter(Attack(tmp_path / "touched")))
    with pytest.raises(TypeError, match=r"The state of the registered Counter with number 0 holds .*pathlib.Path"):
        accelerator.save_state(tmp_path / "c")
    assert not (tmp_path / "touched").exists()
    assert "custom_checkpoint_0.pkl" not in os.listdir(tmp_path / "c"), "the one before still stands"


def test_hooks_see_the_models_and_may_take_over(tmp_path: Path) -> None:
    accelerator, model, *_ = _start()

    def save_hook(models: list[nn.Module], weights: list[Any], folder: str) -> None:
        assert models == [model] and list(weights[0]) == ["weight", "bias"]
        torch.save(weights.pop(), Path(folder) / "own.pt")

    def load_hook(models: list[nn.Module], folder: str) -> None:
        models.pop().load_state_dict(torch.load(Path(folder) / "own.pt"))

    handles = accelerator.register_save_state_pre_hook(save_hook), accelerator.register_load_state_pre_hook(load_hook)
    before = model.weight.tolist()
    accelerator.save_state(tmp_path / "c")
    assert "model.safetensors" not in os.listdir(tmp_path / "c") and "own.pt" in os.listdir(tmp_path / "c")
    nn.init.zeros_(model.weight)
    accelerator.load_state(tmp_path / "c")
    assert model.weight.tolist() == before
    for handle in handles:
        handle.remove()
    accelerator.save_state(tmp_path / "c")
    assert "own.pt" not in os.listdir(tmp_path / "c"), "the older checkpoint's file is gone with it"


def test_objects_without_a_state_are_refused() -> None:
    accelerator, model, optimizer, _ = _start()
    with pytest.raises(ValueError, match=r"Item at index 0, `int`.*\n.*Item at index 2, `Tensor`") as caught:
        accelerator.register_for_checkpointing(3, model, torch.ones(1), optimizer)
    assert "index 1" not in str(caught.value)


@pytest.mark.parametrize("safe", [True, False], ids=["safetensors", "torch"])
@pytest.mark.parametrize("size", ["10GB", 100], ids=["one file", "shards"])
def test_a_model_is_saved_in_files_that_load(tmp_path: Path, safe: bool, size: Any) -> None:
    from runtime import load_checkpoint_in_model

    accelerator, *_ = _start()
    model, other = Tied(), Tied()
    accelerator.save_model(model, tmp_path, max_shard_size=10, safe_serialization=safe)  # to be replaced
    accelerator.save_model(model, tmp_path, max_shard_size=size, safe_serialization=safe)
    names = sorted(os.listdir(tmp_path))
    if size == "10GB":
        assert names == ["model.safetensors" if safe else "pytorch_model.bin"]
    else:
        index = json.loads(next(tmp_path.glob("*.index.json")).read_text())
        assert set(index["weight_map"].values()) == {name for name in names if "-of-" in name}
        assert ("second.weight" in index["weight_map"]) is not safe, "safetensors holds no tensor twice"
        total = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
        assert index["metadata"]["total_size"] == total - (64 if safe else 0)
    load_checkpoint_in_model(other, tmp_path)
    for name, tensor in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)
    assert other.first.weight is other.second.weight
    with pytest.raises(NotADirectoryError):
        accelerator.save_model(model, tmp_path / names[0])


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accelerator, *_ = _start()
    accelerator.save({"a": torch.ones(1)}, tmp_path / "f.pt")

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fails)
    with pytest.raises(OSError, match="disk full"):
        accelerator.save({"a": torch.zeros(1)}, tmp_path / "f.pt")
    assert torch.load(tmp_path / "f.pt")["a"].item() == 1 and os.listdir(tmp_path) == ["f.pt"]


def test_a_run_with_other_loaders_is_warned(tmp_path: Path) -> None:
    accelerator, *_ = _start()
    accelerator.prepare(DataLoader(TensorDataset(torch.ones(2))))
    accelerator.save_state(tmp_path / "c")
    accelerator, *_ = _start()
    accelerator.prepare(DataLoader([1]), DataLoader([2]))
    with pytest.warns(UserWarning, match="saved with 1 prepared loaders, and there are 2 now"):
        accelerator.load_state(tmp_path / "c")
