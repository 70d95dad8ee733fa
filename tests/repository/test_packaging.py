"""What is shipped, what it needs, and what the Makefile does about it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from migrator import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel with the backend that pip would call."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.iterdir()
    assert path.name == f"torch_migrator-{__version__}-py3-none-any.whl"
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(wheel.read(f"torch_migrator-{__version__}.dist-info/METADATA").decode())


def test_the_wheel_holds_the_two_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    folders = {name.split("/")[0] for name in wheel.namelist()}
    assert folders == {"migrator", "runtime", f"torch_migrator-{__version__}.dist-info"}
    files = {name for name in wheel.namelist() if not name.endswith((".py", ".typed")) and ".dist-info" not in name}
    assert files == set()
    assert {"migrator/cli/command.py", "migrator/py.typed", "migrator/__main__.py"} <= set(wheel.namelist())


def test_the_licence_comes_along(wheel: zipfile.ZipFile, metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    text = wheel.read(f"torch_migrator-{__version__}.dist-info/licenses/LICENSE").decode()
    assert "Apache License" in text


def requirements(metadata: Message, extra: str) -> set[str]:
    """Give the names of what an extra needs; an empty one asks for the base."""
    names = set()
    for line in metadata.get_all("Requires-Dist", []):
        requirement, _, marker = line.partition(";")
        named = re.search(r"extra == ['\"](\w+)['\"]", marker)
        if (named[1] if named else "") == extra:
            names.add(re.split(r"[<>=! ]", requirement, maxsplit=1)[0])
    return names


def test_migrating_needs_no_torch(metadata: Message) -> None:
    assert requirements(metadata, "") == {"libcst", "click", "rich", "pathspec", "tomli"}
    assert requirements(metadata, "runtime") == {"torch"}
    assert "tomli>=2; python_version < '3.11'" in metadata.get_all("Requires-Dist", [])
    assert metadata["Requires-Python"] == ">=3.10"


def test_the_development_extra_brings_all_that_tests_and_checks_call(metadata: Message) -> None:
    needed = {"pytest", "pytest-xdist", "pytest-timeout", "hypothesis", "pre-commit", "hatchling", "ruff", "mypy"}
    assert needed | {"import-linter", "torch", "accelerate", "numpy", "safetensors"} <= requirements(metadata, "dev")
    assert any(line.startswith("torch==2.13.0;") for line in metadata.get_all("Requires-Dist", []))


def test_the_wheel_runs_outside_of_the_checkout(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    (tmp_path / "plain.py").write_text("print(1)\n")
    entry = wheel.read(f"torch_migrator-{__version__}.dist-info/entry_points.txt").decode()
    assert entry.split() == ["[console_scripts]", "migrate", "=", "migrator.__main__:main"]
    path = os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH")]))
    code = "import migrator; print(migrator.__file__); from migrator.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "plain.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(tmp_path / "site" / "migrator" / "__init__.py")
    assert (done.returncode, done.stderr) == (0, "Nothing to change in 1 file.\n")


PYTHON = """\
#!{python}
import os, pathlib, shutil, sys
log = pathlib.Path({log!r})
with log.open("a") as file:
    print(*sys.argv[1:3], file=file)
if sys.argv[1:3] == ["-m", "venv"]:
    target = pathlib.Path(sys.argv[3]) / "bin" / "python"
    target.parent.mkdir(parents=True)
    shutil.copy(__file__, target)
if sys.argv[1] == "-c":
    exec(sys.argv[2])
"""


@pytest.mark.skipif(shutil.which("make") is None or sys.platform == "win32", reason="needs make and a POSIX shell")
class TestMakefile:
    """The targets, with a Python that writes down what it is called for."""

    @staticmethod
    def make(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
        python = folder / "python"
        python.write_text(PYTHON.format(python=sys.executable, log=str(folder / "log")))
        python.chmod(0o755)
        variables = [f"PYTHON={python}", f"VENV={folder / 'venv'}"]
        outer = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
        command = ["make", *variables, *args]
        return subprocess.run(command, cwd=ROOT, env=outer, capture_output=True, text=True, check=False)

    def test_the_first_use_sets_up_and_the_second_does_no_work(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        first = self.make(tmp_path, "setup")
        assert first.returncode == 0, first.stderr
        assert "-m venv\n-m pip\n" in log.read_text()
        log.unlink()
        second = self.make(tmp_path, "setup")
        assert (second.returncode, log.exists()) == (0, False)

    def test_a_set_up_that_failed_starts_again(self, tmp_path: Path) -> None:
        (tmp_path / "venv").mkdir()
        assert self.make(tmp_path, "setup").returncode == 0
        assert "-m venv\n" in (tmp_path / "log").read_text()

    def test_an_old_python_is_refused_in_words(self, tmp_path: Path) -> None:
        old = "import sys; sys.version_info = (3, 9)\n"
        program = PYTHON.replace('if sys.argv[1] == "-c":', f'{old}if sys.argv[1] == "-c":')
        (tmp_path / "old").write_text(program.format(python=sys.executable, log=str(tmp_path / "log")))
        (tmp_path / "old").chmod(0o755)
        done = self.make(tmp_path, "setup", f"PYTHON={tmp_path / 'old'}")
        assert done.returncode != 0
        assert "Python 3.10 or newer is needed" in done.stderr
        assert not (tmp_path / "venv").exists()

    def test_the_tests_run_in_parallel_and_need_the_set_up(self, tmp_path: Path) -> None:
        done = self.make(tmp_path, "--dry-run", "test")
        assert "-m venv" in done.stdout
        assert "-m pytest -n 2" in done.stdout

    def test_ci_runs_checks_and_tests(self) -> None:
        script = ROOT / ".ci" / "run"
        assert os.access(script, os.X_OK)
        assert script.read_text().splitlines()[-1] == "exec make check test"
