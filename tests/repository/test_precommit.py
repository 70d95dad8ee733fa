"""Both hooks through the real pre-commit, on a scratch repository.

pre-commit clones this project's manifest from a repository and runs the hooks as it describes them. One thing is
replaced, so that no network is needed: the environment, which is the one that runs the tests (`language: system`)
instead of one that pip fills.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project.pipeline import run_text

ROOT = Path(__file__).parents[2]
MANIFEST = ".pre-commit-hooks.yaml"
TRAIN = """\
import torch
from torch import nn
from torch.utils.data import DataLoader

from data import dataset

model = nn.Linear(4, 3).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset, batch_size=32)
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x.cuda()), y.cuda())
    loss.backward()
    optimizer.step()
"""
MIGRATED = run_text(TRAIN, "train.py", Settings()).files[0].text or ""
CONFIG = """\
exclude: ^never/
repos:
  - repo: {hooks}
    rev: {revision}
    hooks:
      - id: migrate-check
        language: system
      - id: migrate
        language: system
"""

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="puts a shell script on the path"),
]
Hook = Callable[..., subprocess.CompletedProcess[str]]
# Within a hook of our own git would be told to work on our own repository.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def git(folder: Path, *args: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *args], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "Commit")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a repository whose pre-commit configuration names this project's hooks."""
    hooks, project = tmp_path / "hooks", tmp_path / "project"
    for folder in (hooks, project):
        folder.mkdir()
        git(folder, "init", "--quiet")
    shutil.copyfile(ROOT / MANIFEST, hooks / MANIFEST)
    (project / ".pre-commit-config.yaml").write_text(CONFIG.format(hooks=hooks, revision=commit(hooks)))
    (project / "train.py").write_text(TRAIN)
    (project / "plain.py").write_text("print(1)\n")
    (project / "notes.txt").write_text(TRAIN)
    commit(project)
    return project


@pytest.fixture
def hook(project: Path, tmp_path: Path) -> Hook:
    """Give a function that runs one hook over all files of the project."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    command = bin_folder / "migrate"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m migrator "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    environment = {
        **ENVIRONMENT,
        "PATH": os.pathsep.join([str(bin_folder), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
        "PRE_COMMIT_COLOR": "never",
    }

    def run(name: str, *args: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-m", "pre_commit", "run", name, *(args or ["--all-files"]), "--verbose"]
        return subprocess.run(
            arguments, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_check_fails_while_changes_are_pending_and_passes_when_they_are_made(hook: Hook, project: Path) -> None:
    done = hook("migrate-check")
    assert done.returncode == 1
    assert "migrate --check" in done.stdout
    assert "exit code: 1" in done.stdout
    assert "1 of 2 files would change" in done.stdout  # notes.txt is no Python file
    assert (project / "train.py").read_text() == TRAIN
    (project / "train.py").write_text(MIGRATED)
    git(project, "add", "--all")
    assert hook("migrate-check").returncode == 0


def test_write_migrates_and_fails_once_because_it_changed_a_file(hook: Hook, project: Path) -> None:
    first = hook("migrate")
    assert first.returncode == 1
    assert "files were modified by this hook" in first.stdout
    assert "1 of 2 files changed" in first.stdout
    assert "Launch with `torchrun --nproc_per_node 2 train.py`" in first.stdout
    assert "accelerator.backward(loss)" in MIGRATED
    assert (project / "train.py").read_text() == MIGRATED
    assert (project / "notes.txt").read_text() == TRAIN
    git(project, "add", "--all")
    second = hook("migrate")
    assert (second.returncode, git(project, "status", "--porcelain")) == (0, "M  train.py")


def test_files_that_the_project_excludes_are_left_alone_although_they_are_named(hook: Hook, project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.migrate]\nexclude = ["train.py"]\n')
    git(project, "add", "--all")
    done = hook("migrate", "--files", "train.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "train.py").read_text() == TRAIN


def test_a_commit_is_stopped_and_goes_through_the_second_time(hook: Hook, project: Path) -> None:
    (project / "new.py").write_text(TRAIN)
    git(project, "add", "new.py")
    assert hook("migrate", "--files", "new.py").returncode == 1
    assert (project / "new.py").read_text() == MIGRATED
    assert (project / "train.py").read_text() == TRAIN  # it was not part of the commit
    git(project, "add", "new.py")
    assert hook("migrate", "--files", "new.py").returncode == 0


def test_the_manifest_is_valid_and_keeps_its_promises() -> None:
    import yaml

    valid = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / MANIFEST)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert valid.returncode == 0, valid.stdout
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / MANIFEST).read_text())}
    assert {name: hook["entry"] for name, hook in hooks.items()} == {
        "migrate-check": "migrate --check --force-exclude",
        "migrate": "migrate --write --force-exclude",
    }
    for hook in hooks.values():
        assert (hook["language"], hook["types"], hook["require_serial"]) == ("python", ["python"], True)


def test_our_own_configuration_is_valid() -> None:
    valid = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", str(ROOT / ".pre-commit-config.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert valid.returncode == 0, valid.stdout
