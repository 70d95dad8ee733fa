"""The codemod gives what `migrate` gives, in this process and through libcst's own runner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import libcst as cst
import pytest
from libcst.codemod import CodemodContext

from migrator.codemod import Migrate
from migrator.config import Settings
from migrator.errors import Unreadable, UsageError
from migrator.project import pipeline
from tests.programs.oracle.script import script

ROOT = Path(__file__).parents[1]
MIGRATED = {name: script(name).before.text for name in ("01_base_loop", "09_per_batch_scheduler", "21_data_parallel")}
FIRST = MIGRATED["01_base_loop"]
REFUSED = script("26_ddp_by_hand").before.text
PLAIN = "print('hello')\n"


def migrated(text: str, settings: Settings = Settings()) -> str | None:  # noqa: B008 - frozen
    """Give what `migrate` makes of a text that lies in a folder of its own."""
    (report,) = pipeline.run_text(text, "/nowhere/train.py", settings).files
    return report.text


def context(folder: Path) -> CodemodContext:
    return CodemodContext(filename=str(folder / "train.py"))


def code(text: str, folder: Path, **flags: object) -> str:
    return Migrate(context(folder), **flags).transform_module(cst.parse_module(text)).code  # type: ignore[arg-type]


def through_the_tool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "libcst.tool", "codemod", "-x", "--no-format", "--jobs=1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "migrator.codemod.Migrate", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("before", MIGRATED.values(), ids=MIGRATED)
def test_the_result_is_that_of_the_command(before: str, tmp_path: Path) -> None:
    assert migrated(before) not in (None, before)
    assert code(before, tmp_path) == migrated(before)


@pytest.mark.parametrize("before", MIGRATED.values(), ids=MIGRATED)
def test_its_result_stays(before: str, tmp_path: Path) -> None:
    once = code(before, tmp_path)
    assert code(once, tmp_path) == once


def test_flags_are_those_of_the_command(tmp_path: Path) -> None:
    settings = Settings(target="accelerate", ignore=("MIG702", "MIG5"))
    expected = migrated(FIRST, settings)
    assert code(FIRST, tmp_path, target="accelerate", ignore=["mig702, MIG5"]) == expected
    assert expected != migrated(FIRST)


def test_settings_come_from_the_nearest_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.migrate]\ntarget = "accelerate"\n')
    assert code(FIRST, tmp_path) == migrated(FIRST, Settings(target="accelerate"))
    assert code(FIRST, tmp_path, target="runtime") == migrated(FIRST)


@pytest.mark.parametrize("text", [PLAIN, REFUSED], ids=["without torch", "refused"])
def test_what_is_left_alone_is_the_tree_that_was_given(text: str, tmp_path: Path) -> None:
    codemod = Migrate(context(tmp_path))
    tree = cst.parse_module(text)
    assert codemod.transform_module_impl(tree) is tree
    assert bool(codemod.context.warnings) == (text != PLAIN)


def test_an_encoding_and_line_ends_stay(tmp_path: Path) -> None:
    text = "# -*- coding: latin-1 -*-\n# für später\n" + FIRST
    tree = cst.parse_module(text.replace("\n", "\r\n").encode("latin-1"))
    found = Migrate(context(tmp_path)).transform_module(tree).bytes
    assert found.decode("latin-1").replace("\r\n", "\n") == migrated(text)
    assert found.count(b"\n") == found.count(b"\r\n")


def test_a_mistyped_code_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="MIX"):
        code(FIRST, tmp_path, select=["MIX"])


def test_a_module_that_would_hide_the_runtime_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "runtime.py").write_text("import time\n")
    with pytest.raises(UsageError, match="runtime"):
        code(FIRST, tmp_path)


def test_a_file_that_cannot_be_analysed_is_an_error(tmp_path: Path) -> None:
    deep = FIRST + "x = " + "(" * 450 + "1" + ")" * 450 + "\n"
    with pytest.raises(Unreadable, match="nests"):
        Migrate(context(tmp_path)).transform_module_impl(cst.parse_module(deep))


def test_libcst_runs_it_on_files(tmp_path: Path) -> None:
    train, refused = tmp_path / "train.py", tmp_path / "refused.py"
    train.write_text(FIRST)
    refused.write_text(REFUSED)
    done = through_the_tool(tmp_path, "train.py", "refused.py", "--target", "accelerate")
    assert done.returncode == 0, done.stderr
    assert train.read_text() == migrated(FIRST, Settings(target="accelerate"))
    assert refused.read_text() == REFUSED
    assert "train.py:17:10: MIG211" in done.stderr
    assert "refused.py:18:5: MIG401" in done.stderr


def test_libcst_counts_a_failure_and_leaves_the_file(tmp_path: Path) -> None:
    train = tmp_path / "train.py"
    train.write_text(FIRST)
    done = through_the_tool(tmp_path, "train.py", "--select", "MIX")
    assert done.returncode == 1
    assert "no rule is called `MIX`" in done.stderr
    assert train.read_text() == FIRST
