"""Which files are worth a parse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.project.scan import candidates, imported_modules, matters

FIXTURES = Path(__file__).parents[2] / "fixtures"
HEAVY = {"libcst", "rich", "difflib", "json", "pathspec", "torch", "tomllib"}
HEAVY |= {"hashlib", "migrator.project.cache.disk_cache", "migrator.project.pipeline", "migrator.project.write"}


@pytest.mark.parametrize(
    "line",
    [b"import torch", b"from torch import nn", b"loss.backward()", b"x = x.cuda()", b"x.to(device)", b"prepare(model)"],
)
def test_a_file_with_a_sign_of_training_matters(line: bytes) -> None:
    assert matters(b"# first\n" + line + b"\n")


@pytest.mark.parametrize(
    "line", [b"", b"print('hello')", b"go.backwards", b"x.tolist()", b"cuda = 1", b"prepared = True"]
)
def test_a_file_without_does_not(line: bytes) -> None:
    assert not matters(line)


def test_files_that_cannot_be_read_stay_for_the_one_who_says_why(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("plain.py", "train.py", "gone.py")]
    Path(names[0]).write_bytes(b"print(1)\n")
    Path(names[1]).write_bytes(b"import torch\n")
    assert candidates([*names, str(tmp_path)]) == [names[1], names[2], str(tmp_path)]


def test_a_file_that_leads_to_a_training_stays(tmp_path: Path) -> None:
    contents = {
        "main.py": b"from engine import Trainer\nTrainer().fit()\n",
        "engine/__init__.py": b"from .trainer import Trainer\n",
        "engine/trainer.py": b"import torch\nclass Trainer: ...\nloss.backward()\n",
        "plot.py": b"import matplotlib, model\n",
        "model.py": b"import torch\n",
    }
    (tmp_path / "engine").mkdir()
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    found = candidates(str(tmp_path / name) for name in contents)
    assert [os.path.relpath(path, tmp_path) for path in found] == [
        "main.py",
        os.path.join("engine", "__init__.py"),
        os.path.join("engine", "trainer.py"),
        "model.py",
    ]


def imported_for(path: Path) -> set[str]:
    """Give what a run on a file imports."""
    code = (
        "import sys\nfrom migrator.cli.command import main\n"
        "try: main(['--no-cache', '--check', sys.argv[1]])\n"
        "except SystemExit as end: assert end.code in (0, 1)\n"
        "print(*sys.modules)"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code, path.name]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=True, env=environment)
    return set(done.stdout.split())


def test_a_file_that_cannot_matter_costs_no_heavy_import(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("print(1)\n")
    assert HEAVY.isdisjoint(imported_for(tmp_path / "plain.py"))


def test_a_script_is_migrated_without_the_heavy_parts_of_libcst(tmp_path: Path) -> None:
    shutil.copyfile(FIXTURES / "12_resume_and_best" / "before.py", tmp_path / "train.py")
    modules = imported_for(tmp_path / "train.py")
    assert {"migrator.project.program", "libcst"} <= modules
    assert {"libcst.matchers", "libcst.codemod", "torch"}.isdisjoint(modules)


def test_a_script_that_starts_a_training_in_a_file_that_was_not_given_stays(tmp_path: Path) -> None:
    contents = {
        "main.py": b"from lab.run import go\ngo()\n",
        "lab/run.py": b"from .steps import step\nimport lab.tools\n",
        "lab/steps.py": b"def step(loss):\n    loss.backward()\n",
        "lab/tools.py": b"import json\n",
        "other.py": b"import lab.tools, json, os\n",
    }
    (tmp_path / "lab").mkdir()
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    main, other = str(tmp_path / "main.py"), str(tmp_path / "other.py")
    assert candidates([main, other]) == [main]
    (tmp_path / "lab" / "steps.py").write_bytes(b"def step(loss): ...\n")
    assert candidates([main, other]) == []


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        (b"import a.b as c, d\n", {(0, "a.b"), (0, "d")}),
        (b"from . import a\n", {(1, ""), (1, "a")}),
        (b"    from ..a.b import c  # import d\n", {(2, "a.b"), (2, "a.b.c")}),
        (b"from a import (\n    b,  # why\n    c,\n)\nx = 1\n", {(0, "a"), (0, "a.b"), (0, "a.c")}),
        (b"from a import b, \\\n    c\r\n", {(0, "a"), (0, "a.b"), (0, "a.c")}),
        (b"from a import (b", {(0, "a"), (0, "a.b")}),
        (b"import\\\n", set()),
        (b"important = 1\nx = 'import y'\n# import z\n", set()),
    ],
)
def test_what_a_file_may_import(text: bytes, modules: set[tuple[int, str]]) -> None:
    assert {(level, ".".join(parts)) for level, parts in imported_modules(text)} == modules


def test_a_script_that_imports_trainers_by_name_stays(tmp_path: Path) -> None:
    contents = {
        "main.py": b"from agents import *\n",
        "agents/__init__.py": b"import os\nfor name in os.listdir(path):\n    __import__(name)\n",
        "agents/dqn.py": b"def step(loss):\n    loss.backward()\n",
    }
    (tmp_path / "agents").mkdir()
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    paths = [str(tmp_path / name) for name in contents]
    assert candidates(paths) == paths
    assert candidates(paths[:1]) == paths[:1]
    (tmp_path / "agents" / "dqn.py").write_bytes(b"def step(loss): ...\n")
    assert candidates(paths[:1]) == []
