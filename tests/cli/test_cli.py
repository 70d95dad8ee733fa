"""The command: modes, streams, exit codes. The engine behind it is a stand-in (fake.py)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from migrator import __version__
from migrator.cli.command import command
from migrator.errors import Unwritable
from migrator.project import pipeline
from migrator.rules.rule import Example, Rule
from migrator.rules.severity import Effect
from migrator.source import files
from tests.cli import fake

ROOT = Path(__file__).parents[2]
TRAIN = "for x in loader:\n    loss = model(x)\n    loss.backward()\n"
MIGRATED = (
    "from runtime import Accelerator\naccelerator = Accelerator()\n"
    "for x in loader:\n    loss = model(x)\n    accelerator.backward(loss)\n"
)
DIFF = """\
--- train.py
+++ train.py
@@ -1,3 +1,5 @@
+from runtime import Accelerator
+accelerator = Accelerator()
 for x in loader:
     loss = model(x)
-    loss.backward()
+    accelerator.backward(loss)
"""
REVIEW = "import torch  # review\n"
NOTE = "import torch  # note\n"
PENDING = "1 file would change (1 edit). (--write applies)\n"


class Backward(Rule):
    """Replace `loss.backward()` with `accelerator.backward(loss)`.

    What: the call.
    """

    code = "MIG301"
    name = "backward"
    effect = Effect.EDITS
    examples = (Example("a plain call", "loss.backward()\n", "accelerator.backward(loss)\n"),)


class Placement(Rule):
    """Report objects without a place for `prepare`."""

    code = "MIG901"
    name = "no-prepare-point"
    effect = Effect.BLOCKS


Migrate = Callable[..., Result]


@pytest.fixture
def migrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Migrate:
    """Give a function that runs the command in an empty folder, on the stand-in for the engine."""
    from migrator.rules import catalogue

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(pipeline, "run", fake.run)
    monkeypatch.setattr(pipeline, "run_text", fake.run_text)
    monkeypatch.setattr(catalogue, "CATALOGUE", (Backward(), Placement()))

    def run(*args: str, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(command, args, input=stdin)
        assert "Traceback" not in result.stderr or "INTERNAL ERROR" in result.stderr
        return result

    return run


@dataclass(frozen=True)
class Case:
    """A command line in a folder, and all that comes of it."""

    name: str
    args: str
    code: int
    stdout: str = ""
    stderr: str = ""
    files: dict[str, str] = field(default_factory=lambda: {"train.py": TRAIN})
    after: dict[str, str] = field(default_factory=dict)  # what became of the files; the others stay


UNREADABLE = "bad.py:2:3: error: cannot be parsed\n"
INTERRUPTED = "Interrupted. No file is partly written: each one is either unchanged or completely migrated.\n"
CASES = [
    Case("a preview is the default", "train.py", 1, DIFF, PENDING),
    Case("--diff is the same", "train.py --diff", 1, DIFF, PENDING),
    Case("without paths it previews the current folder", "", 1, DIFF, PENDING),
    Case("--check prints no diff", "train.py --check", 1, "", PENDING),
    Case("--check and --diff combine", "--check train.py --diff", 1, DIFF, PENDING),
    Case("-q leaves the diff alone on the stage", "train.py -q", 1, DIFF, ""),
    Case(
        "-v names the edits",
        "train.py -v --check",
        1,
        "",
        "train.py:3:5: MIG301 Replace `loss.backward()` with `accelerator.backward(loss)`\n" + PENDING,
    ),
    Case("nothing to do", "a.py", 0, "", "Nothing to change in 1 file.\n", {"a.py": "print(1)\n"}),
    Case("nothing to do, quietly", "a.py -q", 0, "", "", {"a.py": "print(1)\n"}),
    Case("no Python files at all", ".", 0, "", "No Python files found.\n", {"a.txt": "torch"}),
    Case(
        "nothing to do with --write",
        "a.py --write",
        0,
        "",
        "Nothing to change in 1 file.\n",
        {"a.py": "import torch\n"},
    ),
    Case(
        "a file that matters but needs nothing",
        "a.py",
        0,
        "",
        "Nothing to change in 1 file.\n",
        {"a.py": "import torch\n"},
    ),
    Case(
        "review items alone are fine",
        "a.py",
        0,
        "",
        "a.py:1:15: MIG901 [review] This is review\nNo file would be changed, 1 site to review. (-v shows reasons and fixes)\n",
        {"a.py": REVIEW},
    ),
    Case(
        "-v shows why and what to do",
        "a.py -v",
        0,
        "",
        "a.py:1:15: MIG901 [review] This is review\n    why  It cannot be told\n         from here\n    fix  Tell it\n"
        "No file would be changed, 1 site to review.\n",
        {"a.py": REVIEW},
    ),
    Case("--strict insists on review items", "a.py --strict -q", 3, "", "", {"a.py": REVIEW}),
    Case("--strict lets notes pass", "a.py --strict -q", 0, "", "", {"a.py": NOTE}),
    Case(
        "pending changes come before review items", "--strict -q --check .", 1, "", "", {"a.py": REVIEW, "b.py": TRAIN}
    ),
    Case(
        "a deselected rule leaves its site to review",
        "train.py --ignore MIG301 --strict",
        3,
        "",
        "train.py:3:5: MIG301 [review] Replace `loss.backward()` with `accelerator.backward(loss)`\n"
        "No file would be changed, 1 site to review. (-v shows reasons and fixes)\n",
    ),
    Case("a prefix selects a family", "train.py --select mig3,MIG9 -q --check", 1),
    Case(
        "an unknown code",
        "train.py --select MIG31",
        2,
        "",
        "error: select: no rule is called `MIG31`; did you mean `MIG301`?\n",
    ),
    Case("a path that is not there", "gone.py", 2, "", "error: gone.py"),
    Case(
        "an unknown key in pyproject.toml",
        "a.py",
        2,
        "",
        "error: {cwd}/pyproject.toml: [tool.migrate] has no key `x`",
        {"a.py": "print(1)\n", "pyproject.toml": "[tool.migrate]\nx = 1\n"},
    ),
    Case(
        "settings are read from pyproject.toml",
        "a.py -q",
        3,
        "",
        "",
        {"a.py": REVIEW, "pyproject.toml": "[tool.migrate]\nstrict = true\n"},
    ),
    Case(
        "a flag overrides pyproject.toml",
        "a.py -q --no-strict",
        0,
        "",
        "",
        {"a.py": REVIEW, "pyproject.toml": "[tool.migrate]\nstrict = true\n"},
    ),
    Case(
        "an unreadable file does not stop the others",
        ". -q",
        123,
        DIFF,
        UNREADABLE,
        {"bad.py": "import torch  # unreadable\n", "train.py": TRAIN},
    ),
    Case(
        "an unreadable file does not stop the writing of others",
        ". -q --write",
        123,
        "",
        UNREADABLE,
        {"bad.py": "import torch  # unreadable\n", "train.py": TRAIN},
        {"train.py": MIGRATED},
    ),
    Case(
        "what our own guard stopped",
        ".",
        123,
        "",
        "a.py:2:3: error: INTERNAL ERROR: the second pass is not empty\nNothing to change in 1 file, 1 error.\n",
        {"a.py": "import torch  # distrusted\n"},
    ),
    Case(
        "an error in the engine",
        ". --write",
        123,
        "",
        "ZeroDivisionError: the engine is broken\nINTERNAL ERROR: this is",
        {"a.py": TRAIN, "b.py": "import torch  # crash\n"},
    ),
    Case(
        "Ctrl-C in the middle of the analysis",
        ". --write",
        130,
        "",
        "\n" + INTERRUPTED,
        {"a.py": TRAIN, "b.py": "import torch  # interrupt\n"},
    ),
    Case(
        "--write and --check contradict",
        "train.py --write --check",
        2,
        "",
        "error: --check changes no file and --write does",
    ),
    Case("--roles stands alone", "train.py --roles --write", 2, "", "error: --roles cannot be combined with --write"),
    Case(
        "a diff and JSON do not mix",
        "train.py --diff --output-format json",
        2,
        "",
        "error: --diff and --output-format json",
    ),
    Case(
        "standard input stands alone",
        "- train.py",
        2,
        "",
        "error: - (standard input) cannot be combined with other paths",
    ),
    Case(
        "a name for no standard input",
        "train.py --stdin-filename a.py",
        2,
        "",
        "error: --stdin-filename needs the path -",
    ),
    Case("an unknown flag", "--wirte", 2, "", "Usage: "),
    Case(
        "--write with --diff shows what it wrote",
        "train.py --write --diff -q",
        0,
        DIFF,
        "",
        after={"train.py": MIGRATED},
    ),
    Case(
        "--roles prints the table of each program",
        "--roles .",
        0,
        "a.py\n  loss: Loss\n\ntrain.py\n  loss: Loss\n",
        "",
        {"a.py": "import torch\n", "train.py": TRAIN},
    ),
    Case("--roles where there are none", "--roles .", 0, "No variable has a role here.\n", "", {"a.py": "print(1)\n"}),
    Case(
        "--explain prints a page",
        "--explain mig301",
        0,
        "MIG301 backward (edits)\n=======================\n\nReplace ",
    ),
    Case(
        "--explain of an unknown code",
        "--explain MIG30",
        2,
        "",
        "error: --explain: no rule is called `MIG30`; did you mean `MIG301`?\n",
    ),
    Case(
        "--list-rules prints them all",
        "--list-rules",
        0,
        "MIG301  backward          edits   Replace `loss.backward()` with `accelerator.backward(loss)`.\n"
        "MIG901  no-prepare-point  blocks  Report objects without a place for `prepare`.\n",
    ),
    Case("--version", "--version", 0, f"migrate, version {__version__}\n"),
    Case(
        "a local runtime.py would shadow ours",
        "train.py --write",
        2,
        "",
        "error: train.py would import runtime.py instead of the bundled package `runtime`; "
        "nothing was written. Rename that file, or use --target accelerate.\n",
        {"train.py": TRAIN, "runtime.py": "x = 1\n"},
    ),
    Case(
        "the shadow is found before other files are written",
        ". --write",
        2,
        "",
        "error: b/train.py would import b/runtime/ instead of",
        {"a/train.py": TRAIN, "b/train.py": TRAIN, "b/runtime/__init__.py": ""},
    ),
    Case(
        "a shadow comes before what our guard says about it",
        "a.py",
        2,
        "",
        "error: a.py would import runtime.py instead of",
        {"a.py": "import torch  # distrusted\n", "runtime.py": ""},
    ),
    Case(
        "the way out of a shadow",
        "train.py --write --target accelerate -q",
        0,
        "",
        "",
        {"train.py": TRAIN, "runtime.py": "x = 1\n"},
        {"train.py": MIGRATED.replace("runtime", "accelerate", 1)},
    ),
    Case(
        "a local runtime beside a script that stays is nobody's business",
        ". -q",
        0,
        "",
        "",
        {"train.py": "import torch\n", "runtime.py": "x = 1\n"},
    ),
    Case(
        "a preview with Accelerate says what torchrun needs there",
        "train.py --check --target accelerate",
        1,
        "",
        PENDING + "With Accelerate on a machine without GPUs, set ACCELERATE_USE_CPU=true",
    ),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_command_line(case: Case, migrate: Migrate, tmp_path: Path) -> None:
    for name, text in case.files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    result = migrate(*case.args.split())
    assert result.exit_code == case.code, result.stderr
    assert_output(result.stdout, case.stdout)
    assert_output(result.stderr.replace(str(tmp_path), "{cwd}"), case.stderr)
    for name, text in {**case.files, **case.after}.items():
        assert (tmp_path / name).read_bytes() == text.encode()


def assert_output(output: str, expected: str) -> None:
    """Compare whole outputs; an expectation that does not end its last line may be followed by anything."""
    if expected == "" or expected.endswith("\n"):
        assert output == expected
    else:
        assert expected in output


def test_after_writing_the_summary_says_how_to_launch(migrate: Migrate, tmp_path: Path) -> None:
    Path("my train.py").write_text(TRAIN)
    result = migrate("my train.py", "--write")
    assert result.exit_code == 0
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0] == "1 file changed (1 edit)."
    assert lines[1] == "Launch with `torchrun --nproc_per_node 2 'my train.py'` or `python 'my train.py'`."
    assert Path("my train.py").read_text() == MIGRATED


def test_several_scripts_are_launched_likewise(migrate: Migrate) -> None:
    for name in ("a.py", "b.py", "c.py"):
        Path(name).write_text(TRAIN)
    result = migrate(".", "--write")
    assert "or `python a.py`, and 2 other scripts likewise." in result.stderr


def test_the_json_document_is_all_that_stands_on_standard_output(migrate: Migrate) -> None:
    Path("train.py").write_text(TRAIN + "# review\n")
    Path("bad.py").write_text("import torch  # unreadable\n")
    Path("plain.py").write_bytes(b"print(1)\n")
    result = migrate(".", "--output-format", "json")
    document = json.loads(result.stdout)
    assert result.exit_code == 123
    assert [file["path"] for file in document["files"]] == ["train.py"]
    assert [(item["code"], item["line"], item["applied"]) for item in document["files"][0]["items"]] == [
        ("MIG301", 3, True),
        ("MIG901", 4, False),
    ]
    assert [error["file"] for error in document["errors"]] == ["bad.py"]
    assert document["summary"]["files"] == 3
    assert not document["summary"]["written"]
    assert "MIG901" not in result.stderr  # findings are in the document
    assert "1 of 3 files would change" in result.stderr


def test_json_is_a_document_even_where_there_is_nothing_to_say(migrate: Migrate) -> None:
    Path("plain.py").write_bytes(b"print(1)\n")
    document = json.loads(migrate("plain.py", "--output-format", "json").stdout)
    assert (document["files"], document["errors"], document["summary"]["files"]) == ([], [], 1)


def test_json_after_writing_tells_what_is_on_disk(migrate: Migrate) -> None:
    Path("train.py").write_text(TRAIN)
    result = migrate("train.py", "--write", "--output-format", "json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["summary"] | {"changed": 1, "edits": 1, "written": True} == document["summary"]
    assert Path("train.py").read_text() == MIGRATED


def test_a_file_that_cannot_be_written_is_reported_as_left_alone(migrate: Migrate, monkeypatch) -> None:
    for name in ("a.py", "b.py"):
        Path(name).write_text(TRAIN)
    original = files.replace_all

    def replace_all(changes: list[tuple[str, bytes, bytes]]) -> None:
        if changes[0][0].endswith("a.py"):
            raise Unwritable(changes[0][0], "changed while we worked; run again")
        original(changes)

    monkeypatch.setattr(files, "replace_all", replace_all)
    result = migrate(".", "--write", "--output-format", "json")
    document = json.loads(result.stdout)
    assert result.exit_code == 123
    assert "a.py:1:1: error: changed while we worked; run again\n" in result.stderr
    assert "Launch with `torchrun --nproc_per_node 2 b.py`" in result.stderr
    assert [(file["path"], file["changed"], file["items"][0]["applied"]) for file in document["files"]] == [
        ("a.py", False, False),
        ("b.py", True, True),
    ]
    assert (Path("a.py").read_text(), Path("b.py").read_text()) == (TRAIN, MIGRATED)


def test_ctrl_c_during_the_writing_waits_until_the_program_is_whole(migrate: Migrate, monkeypatch) -> None:
    for name in ("a.py", "b.py", "c.py"):
        Path(name).write_text(TRAIN)
    original = files.replace_all

    def replace_all(changes: list[tuple[str, bytes, bytes]]) -> None:
        if changes[0][0].endswith("b.py"):
            signal.raise_signal(signal.SIGINT)
        original(changes)

    monkeypatch.setattr(files, "replace_all", replace_all)
    result = migrate(".", "--write")
    assert result.exit_code == 130
    assert INTERRUPTED in result.stderr
    assert [Path(name).read_text() for name in ("a.py", "b.py", "c.py")] == [MIGRATED, MIGRATED, TRAIN]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class TestStandardInput:
    """`migrate -`: for editors and pipes."""

    def test_the_preview_is_a_diff_under_the_name_given(self, migrate: Migrate) -> None:
        result = migrate("-", "--stdin-filename", "train.py", stdin=TRAIN.encode())
        assert (result.exit_code, result.stdout) == (1, DIFF)

    def test_without_a_name_it_is_called_stdin(self, migrate: Migrate) -> None:
        result = migrate("-", stdin=TRAIN.encode())
        assert result.stdout.startswith("--- <stdin>\n+++ <stdin>\n")

    def test_write_prints_the_new_text_in_the_bytes_of_the_old(self, migrate: Migrate) -> None:
        old = b"\xef\xbb\xbf" + (TRAIN + "# ü").replace("\n", "\r\n").encode()
        new = b"\xef\xbb\xbf" + (MIGRATED + "# ü").replace("\n", "\r\n").encode()
        result = migrate("-", "--write", stdin=old)
        assert (result.exit_code, result.stdout_bytes) == (0, new)
        assert "Launch" not in result.stderr  # there is no file to launch

    @pytest.mark.parametrize("data", [b"print(1)\r\n", b"import torch\n\x0c", b"", b"torch\xff\xfe"])
    def test_write_prints_what_stays_as_it_is(self, migrate: Migrate, data: bytes) -> None:
        result = migrate("-", "--write", "-q", stdin=data)
        assert result.stdout_bytes == data
        assert result.exit_code == (123 if b"\xff" in data else 0)

    def test_latin_1_comes_out_as_latin_1(self, migrate: Migrate) -> None:
        data = b"# coding: latin-1\n# \xfc\nloss.backward()\n"
        assert b"# \xfc\naccelerator.backward(loss)\n" in migrate("-", "--write", stdin=data).stdout_bytes
        assert b" # \xfc\n-loss.backward()\n" in migrate("-", stdin=data).stdout_bytes

    def test_json_carries_the_new_text(self, migrate: Migrate) -> None:
        result = migrate("-", "--output-format", "json", "--write", stdin=TRAIN.encode())
        assert json.loads(result.stdout)["files"][0]["text"] == MIGRATED

    def test_settings_come_from_the_folder_of_the_name(self, migrate: Migrate) -> None:
        Path("sub").mkdir()
        Path("sub/pyproject.toml").write_text("[tool.migrate]\nignore = ['MIG301']\n")
        assert migrate("-", "--stdin-filename", "sub/train.py", "-q", stdin=TRAIN.encode()).exit_code == 0
        assert migrate("-", "--stdin-filename", "train.py", "-q", stdin=TRAIN.encode()).exit_code == 1

    def test_a_diff_beside_the_new_text_is_refused(self, migrate: Migrate) -> None:
        result = migrate("-", "--write", "--diff", stdin=TRAIN.encode())
        assert (result.exit_code, result.stdout) == (2, "")

    def test_a_shadow_beside_the_name_is_found(self, migrate: Migrate) -> None:
        Path("runtime.py").touch()
        result = migrate("-", "--write", "--stdin-filename", "train.py", stdin=TRAIN.encode())
        assert (result.exit_code, result.stdout) == (2, "")


class TestFolders:
    """What PATHS stand for."""

    def test_folders_are_searched_and_exclude_leaves_out(self, migrate: Migrate) -> None:
        for name in ("a/train.py", "a/old/train.py", "a/.venv/train.py"):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(TRAIN)
        result = migrate("a", "--check", "--exclude", "old/", "--output-format", "json")
        assert [file["path"] for file in json.loads(result.stdout)["files"]] == [os.path.join("a", "train.py")]

    def test_a_file_that_is_named_is_read_unless_exclusion_is_forced(self, migrate: Migrate) -> None:
        Path("old.py").write_text(TRAIN)
        assert migrate("old.py", "--check", "--exclude", "old.py").exit_code == 1
        result = migrate("old.py", "--check", "--exclude", "old.py", "--force-exclude")
        assert (result.exit_code, result.stderr) == (0, "No Python files found.\n")


class TestColour:
    """Colour is for terminals and for those who ask."""

    def test_not_in_a_pipe(self, migrate: Migrate) -> None:
        Path("train.py").write_text(TRAIN)
        assert "\x1b" not in migrate("train.py").stdout

    def test_on_demand_even_where_no_color_is_set(self, migrate: Migrate, monkeypatch) -> None:
        Path("train.py").write_text(TRAIN)
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[31m-    loss.backward()\x1b[0m\n" in migrate("train.py", "--color").stdout


FAKE = [str(ROOT / "tests" / "cli" / "fake.py")]  # the command on the stand-in
FAKE_MAIN = "from tests.cli import fake; from migrator.cli.command import main; fake.install(); main({args})"


def environment(**more: str) -> dict[str, str]:
    """Give the variables of a process that imports this checkout."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**{name: value for name, value in os.environ.items() if name != "NO_COLOR"}, "PYTHONPATH": path, **more}


def python(arguments: Sequence[str], cwd: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run Python to its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, check=False, timeout=60)


class TestProcess:
    """What only a real process shows."""

    def test_the_module_runs_as_the_command(self, tmp_path: Path) -> None:
        done = python(["-m", "migrator", "--version"], tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"migrate, version {__version__}\n".encode(), b"")

    def test_bytes_come_through_a_pipe_as_they_are(self, tmp_path: Path) -> None:
        (tmp_path / "träin.py").write_bytes(b"# coding: latin-1\n# \xfc\nloss.backward()\r\n")
        done = python([*FAKE, "träin.py"], tmp_path, PYTHONIOENCODING="ascii")
        assert done.returncode == 1
        assert done.stdout.startswith("--- träin.py\n".encode())
        assert b" # \xfc\n-loss.backward()\r\n+accelerator.backward(loss)\r\n" in done.stdout

    def test_a_reader_that_goes_away_is_no_failure(self, tmp_path: Path) -> None:
        for number in range(50):
            (tmp_path / f"train{number:02}.py").write_text("loss.backward()\n" * 99)
        with subprocess.Popen(
            [sys.executable, *FAKE, "."],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == b"--- train00.py\n"
            process.stdout.close()
            assert process.stderr.read() == b"50 files would change (4950 edits). (--write applies)\n"
        assert process.returncode == 1

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
    def test_a_full_disk_under_the_output_is_said_without_a_traceback(self, tmp_path: Path) -> None:
        (tmp_path / "train.py").write_text(TRAIN)
        command = [sys.executable, *FAKE, "."]
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                command, cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 123
        assert done.stderr == b"error: the output cannot be written (No space left on device)\n"

    @pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
    def test_ctrl_c_exits_with_130_and_leaves_the_files_alone(self, tmp_path: Path) -> None:
        (tmp_path / "train.py").write_text(TRAIN)
        slow = (
            "import time; from tests.cli import fake; from migrator.project import pipeline; from migrator.cli.command import main\n"
            "def run(*args):\n    print('started', flush=True)\n    time.sleep(60)\n    yield from fake.run(*args)\n"
            "pipeline.run = run\nmain(['train.py', '--write'])"
        )
        with subprocess.Popen(
            [sys.executable, "-c", slow],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"started\n"
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=20)
        assert process.returncode == 130
        assert stderr.decode().lstrip() == INTERRUPTED
        assert (tmp_path / "train.py").read_text() == TRAIN

    def test_the_shell_completes_codes_with_their_names(self, tmp_path: Path) -> None:
        code = (
            "from migrator.rules import catalogue; from migrator.rules.rule import Rule\n"
            "class One(Rule): code, name = 'MIG301', 'backward'\n"
            "class Two(Rule): code, name = 'MIG101', 'device'\n"
            "catalogue.CATALOGUE = (One(), Two())\n"
            "from migrator.cli.command import command; command.main(prog_name='migrate')"
        )
        words = {"_MIGRATE_COMPLETE": "zsh_complete", "COMP_WORDS": "migrate --explain mig3", "COMP_CWORD": "2"}
        done = python(["-c", code], tmp_path, **words)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.split() == [b"plain", b"MIG301", b"backward"]

    @pytest.mark.parametrize("shell", ["zsh", "fish"])  # bash is asked for its version first
    def test_the_completion_script_that_the_help_names_is_printed(self, shell: str, tmp_path: Path) -> None:
        code = "from migrator.cli.command import command; command.main(prog_name='migrate')"
        done = python(["-c", code], tmp_path, _MIGRATE_COMPLETE=f"{shell}_source")
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"_MIGRATE_COMPLETE" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
class TestTerminal:
    """What a person sees."""

    @staticmethod
    def show(folder: Path, *args: str, before: str = "", **more: str) -> str:
        """Run the command with a narrow terminal on both outputs, and give what appears on it."""
        import pty

        leader, follower = pty.openpty()
        code = f"{before}\n{FAKE_MAIN.format(args=['train.py', *args])}"
        with subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            env=environment(**{"TERM": "xterm", "COLUMNS": "30", **more}),
            stdout=follower,
            stderr=follower,
        ):
            os.close(follower)
            output = b""
            while chunk := _read(leader):
                output += chunk
        os.close(leader)
        return output.decode().replace("\r\n", "\n")

    def test_the_diff_is_coloured_and_a_long_line_is_neither_wrapped_nor_read_as_markup(self, tmp_path: Path) -> None:
        long = "x = '[bold]" + "long " * 20 + "[/bold]'"
        (tmp_path / "train.py").write_text(f"{long}\nloss.backward()\n")
        shown = self.show(tmp_path)
        assert f" {long}\n\x1b[31m-loss.backward()\x1b[0m\n\x1b[32m+accelerator.backward(loss)\x1b[0m\n" in shown

    @pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_the_environment_can_switch_colours_off(self, variables: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "train.py").write_text(TRAIN)
        assert self.show(tmp_path, **variables) == DIFF + PENDING

    def test_an_empty_no_color_switches_nothing_off(self, tmp_path: Path) -> None:
        (tmp_path / "train.py").write_text(TRAIN)
        assert "\x1b[31m" in self.show(tmp_path, NO_COLOR="")

    def test_a_bar_appears_when_the_work_lasts_and_goes_when_it_is_done(self, tmp_path: Path) -> None:
        (tmp_path / "train.py").write_text(TRAIN)
        shown = self.show(tmp_path, before="from migrator.cli import terminal; terminal.PROGRESS_DELAY_S = -1")
        assert "Migrating" in shown
        assert shown.index("Migrating") < shown.index("--- train.py")

    def test_no_bar_appears_for_quick_work_nor_where_quiet_is_asked_for(self, tmp_path: Path) -> None:
        (tmp_path / "train.py").write_text(TRAIN)
        assert "Migrating" not in self.show(
            tmp_path, before="from migrator.cli import terminal; terminal.PROGRESS_DELAY_S = 60"
        )
        assert "Migrating" not in self.show(
            tmp_path, "-q", before="from migrator.cli import terminal; terminal.PROGRESS_DELAY_S = -1"
        )


def _read(terminal: int) -> bytes:
    """Read what there is; nothing where the other side has closed."""
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's word for the end of a terminal
        return b""
