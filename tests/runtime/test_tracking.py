"""Trackers: what they are given, where, and by which process."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from runtime import Accelerator, GeneralTracker, ProjectConfiguration, UnsupportedError, register_tracker_class
from runtime.tracking import LOGGER_TYPE_TO_CLASS, filter_trackers, get_available_trackers

Pair = Callable[..., list[Any]]


class Notes(GeneralTracker):
    """Keeps what it gets."""

    name = "notes"
    requires_logging_directory = False

    def __init__(self, run_name: str = "", **options: Any) -> None:
        super().__init__()
        self.run_name = run_name
        self.calls: list[Any] = [options]

    @property
    def tracker(self) -> list[Any]:
        return self.calls

    def start(self) -> None:
        self.calls.append("start")

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self.calls.append(values)

    def log(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        self.calls.append((values, step, kwargs))

    def finish(self) -> None:
        self.calls.append("finish")


class Everywhere(Notes):
    """One that every process feeds."""

    name = "everywhere"
    main_process_only = False


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    known = dict(LOGGER_TYPE_TO_CLASS)
    for module in ("runtime.tracking", __name__):
        if module in sys.modules:
            monkeypatch.setattr(sys.modules[module], "LOGGER_TYPE_TO_CLASS", known)
    return known


def test_lines_of_json_need_no_library(tmp_path: Path) -> None:
    accelerator = Accelerator(cpu=True, log_with="jsonl", project_dir=tmp_path)
    accelerator.init_trackers("run", config={"lr": 0.1, "path": Path("x")})
    accelerator.log({"loss": torch.tensor(0.5), "count": numpy.int64(3), "text": "ü"}, step=7)
    accelerator.log({"loss": 0.25})
    path = accelerator.get_tracker("jsonl", unwrap=True)
    assert path == tmp_path / "run" / "log.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]  # before the end of training
    assert lines == [
        {"config": {"lr": 0.1, "path": "x"}},
        {"step": 7, "loss": 0.5, "count": 3, "text": "ü"},
        {"loss": 0.25},
    ]
    accelerator.end_training()
    again = Accelerator(cpu=True, log_with="jsonl", project_dir=tmp_path)
    again.init_trackers("run")
    again.log({"loss": 0.0}, step=8)
    again.end_training()
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4, "a resumed run appends"


def test_a_tracker_of_ones_own_gets_its_arguments(registry: dict[str, Any]) -> None:
    tracker = Notes()
    accelerator = Accelerator(cpu=True, log_with=[tracker])
    accelerator.init_trackers("run", {"lr": 1})
    accelerator.log({"loss": 2}, step=3, log_kwargs={"notes": {"commit": True}, "other": {"x": 1}})
    accelerator.log({"loss": 1}, log_kwargs=None)
    assert accelerator.get_tracker("notes") is tracker
    with pytest.raises(ValueError, match="paper is not an available tracker"):
        accelerator.get_tracker("paper")
    accelerator.end_training()
    expected = [{}, "start", {"lr": 1}, ({"loss": 2}, 3, {"commit": True}), ({"loss": 1}, None, {}), "finish"]
    assert tracker.calls == expected


def test_a_registered_class_is_found_by_its_name(registry: dict[str, Any]) -> None:
    register_tracker_class(Notes)
    accelerator = Accelerator(cpu=True, log_with="notes")
    accelerator.init_trackers("run", init_kwargs={"notes": {"tags": ["a"]}})
    tracker = accelerator.get_tracker("notes")
    assert tracker.run_name == "run" and tracker.calls == [{"tags": ["a"]}, "start"]
    with pytest.warns(UserWarning, match="Notes replaces the tracker that was known as 'notes'"):
        register_tracker_class(Notes)


def test_incomplete_trackers_are_refused() -> None:
    class Nameless(GeneralTracker):
        requires_logging_directory = False

    with pytest.raises(NotImplementedError, match="`name`, `tracker`"):
        Nameless()
    for wrong, message in ((dict, "must be a subclass"), (Nameless, "non-empty `name`")):
        with pytest.raises(ValueError, match=message):
            register_tracker_class(wrong)
    Nameless.name = "nameless"
    del Nameless.requires_logging_directory
    with pytest.raises(ValueError, match="must define `requires_logging_directory`"):
        register_tracker_class(Nameless)


def test_what_is_not_installed_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert filter_trackers(["wandb", "tensorboard", "aim"]) == [] == filter_trackers("all") == get_available_trackers()
    assert filter_trackers(["jsonl", "jsonl"], tmp_path) == ["jsonl"], "each once"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert filter_trackers("all", tmp_path) == ["tensorboard", "wandb"]
    with pytest.raises(UnsupportedError, match="--target accelerate"):
        filter_trackers("mlflow")


def test_wandb_gets_project_settings_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    run = types.SimpleNamespace(
        config=types.SimpleNamespace(update=lambda values, **kwargs: calls.append(("config", values, kwargs))),
        log=lambda values, **kwargs: calls.append(("log", values, kwargs)),
        finish=lambda: calls.append("finish"),
    )
    fake = types.ModuleType("wandb")
    fake.__spec__ = importlib.util.spec_from_loader("wandb", None)
    fake.init = lambda **kwargs: (calls.append(("init", kwargs)), run)[1]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wandb", fake)
    accelerator = Accelerator(cpu=True, log_with="wandb")
    accelerator.init_trackers("project", {"lr": 1}, {"wandb": {"tags": ["a"]}})
    accelerator.log({"loss": 2}, step=1)
    assert accelerator.get_tracker("wandb", unwrap=True) is run
    accelerator.end_training()
    assert calls == [
        ("init", {"project": "project", "tags": ["a"]}),
        ("config", {"lr": 1}, {"allow_val_change": True}),
        ("log", {"loss": 2}, {"step": 1}),
        "finish",
    ]


def test_tensorboard_writes_what_each_value_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[Any] = []

    class Writer:
        def __init__(self, folder: str, **options: Any) -> None:
            calls.append((folder, options))
            Path(folder).mkdir(parents=True)

        def __getattr__(self, name: str) -> Any:
            return lambda *args, **kwargs: calls.append((name, *args))

    monkeypatch.setattr("runtime.tracker.tensorboard._writer_class", lambda: Writer)
    monkeypatch.setattr("runtime.tracking._is_installed", lambda kind: True)
    project = ProjectConfiguration(project_dir=tmp_path, logging_dir=tmp_path / "logs")
    accelerator = Accelerator(cpu=True, log_with="tensorboard", project_config=project)
    accelerator.init_trackers("run", {"lr": 0.1, "layers": [1, 2]}, {"tensorboard": {"flush_secs": 9}})
    accelerator.log({"loss": torch.tensor(0.5), "note": "text", "both": {"a": 1.0}}, step=3)
    accelerator.end_training()
    folder = str(tmp_path / "logs" / "run")
    assert calls[0] == (folder, {"flush_secs": 9}) and ("add_hparams", {"lr": 0.1, "layers": "[1, 2]"}) in calls
    added = [call for call in calls if call[0] in ("add_scalar", "add_text", "add_scalars")]
    assert added == [("add_scalar", "loss", 0.5), ("add_text", "note", "text"), ("add_scalars", "both", {"a": 1.0})]
    assert json.loads((Path(folder) / "hparams.json").read_text()) == {"lr": 0.1, "layers": [1, 2]}


def check_main_process_only(folder: str) -> list[Any]:
    register_tracker_class(Notes)
    everywhere = Everywhere()
    accelerator = Accelerator(log_with=["notes", everywhere, "jsonl"], project_dir=folder)
    accelerator.init_trackers("run")
    accelerator.log({"loss": 1})
    kinds = [type(accelerator.get_tracker("everywhere")).__name__, len(accelerator.trackers), len(everywhere.calls)]
    accelerator.trackers.clear()
    blank = accelerator.get_tracker("notes")
    blank.log({"loss": 1})
    LOGGER_TYPE_TO_CLASS.pop("notes")
    return [*kinds, type(blank).__name__]


def test_only_the_main_process_tracks(pair: Pair, tmp_path: Path) -> None:
    first, second = pair(check_main_process_only, folder=str(tmp_path))
    assert first == ["Everywhere", 3, 3, "GeneralTracker"] and second == ["Everywhere", 1, 3, "GeneralTracker"]
    assert (tmp_path / "run" / "log.jsonl").read_text() == '{"loss": 1}\n'
