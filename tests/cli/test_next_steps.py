"""How to start a migrated script, and what may stand in its way."""

from __future__ import annotations

import os
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from migrator.cli import next_steps
from migrator.project.shadow import find_shadow

ROOT = Path(__file__).parents[2]
LAUNCH = "Launch with `torchrun --nproc_per_node 2 train.py` or `python train.py`."


def write(folder: Path, names: dict[str, str]) -> None:
    for name, text in names.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("names", "shadow"),
    [
        pytest.param({}, None, id="nothing there"),
        pytest.param({"runtime.py": ""}, "runtime.py", id="a module"),
        pytest.param({"runtime/__init__.py": ""}, "runtime" + os.sep, id="a package"),
        pytest.param({"runtime/log.txt": ""}, None, id="a folder without __init__.py gives way"),
        pytest.param({"runtime.txt": "", "runtimes.py": "", "Runtime/__init__.py": ""}, None, id="other names"),
        pytest.param(
            {"runtime/__init__.py": "", "runtime/accelerator.py": '"""Doc."""\n\n\nclass Accelerator:\n    ...\n'},
            None,
            id="the bundled package itself",
        ),
        pytest.param(
            {"runtime/__init__.py": "", "runtime/accelerator.py": "# the class Accelerator is elsewhere\n"},
            "runtime" + os.sep,
            id="a package that only looks like it",
        ),
        pytest.param(
            {"runtime.py": "", "accelerator.py": "\nclass Accelerator: ...\n"}, "runtime.py", id="a module beside it"
        ),
    ],
)
def test_what_would_be_imported_in_place_of_the_bundled_package(
    tmp_path: Path, monkeypatch, names: dict[str, str], shadow: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, names)
    write(tmp_path / "sub", names)
    assert find_shadow("train.py") == shadow
    assert find_shadow("sub/train.py") == (shadow and os.path.join("sub", shadow))


def test_our_own_checkout_is_no_shadow() -> None:
    assert find_shadow(str(ROOT / "train.py")) is None


@pytest.fixture
def installed(monkeypatch) -> set[str]:
    """Give the set of importable modules, to be changed by a test."""
    modules = {"runtime", "torch", "accelerate"}
    monkeypatch.setattr(next_steps, "find_spec", lambda name: ModuleSpec(name, None) if name in modules else None)
    return modules


MISSING = "is not installed here; the migrated script needs it: pip install 'torch-migrator[runtime]'"


@pytest.mark.parametrize(
    ("absent", "advice"),
    [
        pytest.param("", [], id="all is there"),
        pytest.param("runtime", [f"`runtime` {MISSING}"], id="no runtime"),
        pytest.param("torch", [f"`torch` {MISSING}"], id="no torch, as in a pre-commit environment"),
    ],
)
def test_what_is_not_installed_is_named(
    tmp_path: Path, monkeypatch, installed: set[str], absent: str, advice: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    installed.discard(absent)
    assert list(next_steps.advice(["train.py"], "runtime", written=True)) == [LAUNCH, *advice]


def listing(names: str) -> list[str]:
    return [f"The script now needs torch-migrator[runtime]: add it to {names} (pip install 'torch-migrator[runtime]')"]


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        pytest.param({}, [], id="a project that lists nothing"),
        pytest.param({"requirements.txt": "torch\n"}, listing("requirements.txt"), id="requirements without it"),
        pytest.param({"requirements.txt": "torch\ntorch-migrator[runtime]>=0.1\n"}, [], id="requirements with it"),
        pytest.param({"requirements-dev.txt": "Torch_Migrator\n"}, [], id="another file, another spelling"),
        pytest.param(
            {"requirements.txt": "# torch-migrator\n"}, listing("requirements.txt"), id="a comment is no entry"
        ),
        pytest.param({"pyproject.toml": "dependencies = ['torch.migrator']\n"}, [], id="pyproject with it"),
        pytest.param({"setup.cfg": "install_requires =\n  torch-migrator\n"}, [], id="setup.cfg with it"),
        pytest.param(
            {"pyproject.toml": "", "setup.cfg": ""}, listing("pyproject.toml or setup.cfg"), id="two files without it"
        ),
        pytest.param({"../requirements.txt": "torch\n"}, listing("requirements.txt"), id="the nearest folder above"),
        pytest.param({"../requirements.txt": "torch\n", ".git/config": ""}, [], id="but not above the repository"),
    ],
)
def test_what_the_project_does_not_list_is_named(
    tmp_path: Path, monkeypatch, installed: set[str], names: dict[str, str], advice: list[str]
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    write(project, names)
    monkeypatch.chdir(project)
    assert list(next_steps.advice(["train.py"], "runtime", written=True)) == [LAUNCH, *advice]


def test_accelerate_comes_with_its_note(tmp_path: Path, monkeypatch, installed: set[str]) -> None:
    monkeypatch.chdir(tmp_path)
    note = list(next_steps.advice([], "accelerate", written=False))
    assert len(note) == 1
    assert "ACCELERATE_USE_CPU=true" in note[0]
    assert list(next_steps.advice(["train.py"], "accelerate", written=True)) == [LAUNCH, *note]
    installed.clear()
    missing = "`accelerate` is not installed here: pip install accelerate"
    assert list(next_steps.advice(["train.py"], "accelerate", written=True)) == [LAUNCH, missing, *note]


def test_a_preview_needs_no_launch() -> None:
    assert list(next_steps.advice(["train.py"], "runtime", written=False)) == []


@pytest.mark.parametrize(
    ("scripts", "line"),
    [
        (["a b.py"], "Launch with `torchrun --nproc_per_node 2 'a b.py'` or `python 'a b.py'`."),
        (
            ["a.py", "b.py"],
            "Launch with `torchrun --nproc_per_node 2 a.py` or `python a.py`, and 1 other script likewise.",
        ),
        (
            ["a.py", "b.py", "c.py"],
            "Launch with `torchrun --nproc_per_node 2 a.py` or `python a.py`, and 2 other scripts likewise.",
        ),
    ],
)
def test_the_launch_line_fits_the_scripts(
    tmp_path: Path, monkeypatch, installed: set[str], scripts: list[str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert next(iter(next_steps.advice(scripts, "runtime", written=True))) == line
