"""The diff, applied by the tools that it is made for."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator.report import diff
from migrator.report.report import FileReport
from migrator.source.text import read_source

OLD = b"import torch\n\nmodel = 1\nfor batch in loader:\n    loss = model(batch)\n    loss.backward()\n"
NEW = OLD.replace(b"loss.backward()", b"accelerator.backward(loss)")


def report(path: str, old: bytes, new: bytes) -> FileReport:
    """Report a file whose bytes become others."""
    source = read_source(path, old)
    text = read_source(path, new).text
    assert source.encode(text) == new
    return FileReport(source, (), text)


@dataclass(frozen=True)
class Case:
    """A file that must become another through the tool."""

    name: str
    old: bytes
    new: bytes
    path: str = "train.py"


CASES = [
    Case("a plain script", OLD, NEW),
    Case("CRLF line ends", OLD.replace(b"\n", b"\r\n"), NEW.replace(b"\n", b"\r\n")),
    Case("mixed line ends", OLD.replace(b"\n\n", b"\r\n\n"), NEW.replace(b"\n\n", b"\r\n\n")),
    Case("carriage returns alone", OLD.replace(b"\n", b"\r"), NEW.replace(b"\n", b"\r")),
    Case("a byte order mark on a changed line", b"\xef\xbb\xbfimport torch\n", b"\xef\xbb\xbffrom runtime import A\n"),
    Case("a byte order mark on a line of context", b"\xef\xbb\xbf" + OLD, b"\xef\xbb\xbf" + NEW),
    Case("no final newline, on a changed line", OLD[:-1], NEW[:-1]),
    Case("no final newline, on a line of context", OLD + b"x = 1", NEW + b"x = 1"),
    Case("a final newline comes", OLD[:-1], NEW),
    Case("a final newline goes", OLD, NEW[:-1]),
    Case("non-ASCII characters", "ü = 1  # größer ☃\n".encode(), "ü = 2  # größer ☃\n".encode()),
    Case("Latin-1", b"# coding: latin-1\nx = '\xfc'\n", b"# coding: latin-1\ny = '\xfc'\n"),
    Case("Shift JIS", b"# coding: shift_jis\nx = '\x95\x5c'\n", b"# coding: shift_jis\ny = '\x95\x5c'\n"),
    Case("form feeds and other separators", b"a = 1\n\x0cb = '\x1c\x0b'\n", b"a = 2\n\x0cb = '\x1c\x0b'\n"),
    Case("tabs", OLD.replace(b"    ", b"\t"), NEW.replace(b"    ", b"\t")),
    Case("lines that look like a header", b"-- a\n++ b\nc\n", b"-- b\n++ c\nc\n"),
    Case("a name with blanks", OLD, NEW, "my train script.py"),
    Case("a folder with blanks", OLD, NEW, "my scripts/train.py"),
    Case("a name outside ASCII", OLD, NEW, "träning.py"),
    Case("a name with quotes and a backslash", OLD, NEW, 'a"b\\c.py'),
    Case("a name with a tab", OLD, NEW, "a\tb.py"),
    Case("a name that begins with ./", OLD, NEW, "./sub/train.py"),
    Case("a name that begins with two dots", OLD, NEW, "..train.py"),
]  # fmt: skip
TOOLS = {
    "patch": (["patch", "-p0", "--batch"], ["patch", "-R", "-p0", "--batch"]),
    "git": (["git", "apply", "-p0"], ["git", "apply", "-R", "-p0"]),
}


def feed(command: list[str], data: bytes, folder: Path) -> None:
    """Let a tool read a patch in a folder."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, input=data, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    assert b"fuzz" not in done.stdout
    assert b"offset" not in done.stdout


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_diff_applies_and_comes_off_again(case: Case, tool: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path(case.path)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(case.old)
    patch = diff.render(report(case.path, case.old, case.new))
    there, back = TOOLS[tool]
    feed(there, patch, tmp_path)
    assert file.read_bytes() == case.new
    feed(back, patch, tmp_path)
    assert file.read_bytes() == case.old
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / case.path]  # no .orig, no .rej


@pytest.mark.parametrize("tool", TOOLS)
def test_the_diffs_of_many_random_files_apply_as_one_patch(tool: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    chance = random.Random(0)
    patch, expected = b"", {}
    for number in range(60):
        ends = chance.choice([[b"\n"], [b"\r\n"], [b"\n", b"\r\n"], [b"\n", b"\r"]])
        lines = [
            chance.choice([b"", b"a", b"b = 1", b"- c", b"@@ d", b"\\ e"]) + chance.choice(ends) for _ in range(30)
        ]
        new = [line for line in lines if chance.random() > 0.1]
        for _ in range(3):
            new.insert(chance.randrange(len(new) + 1), b"new = 2" + chance.choice(ends))
        cut = [chance.choice([None, -1]) for _ in range(2)]
        old_bytes, new_bytes = b"x\n" + b"".join(lines)[: cut[0]], b"x\n" + b"".join(new)[: cut[1]]
        path = f"file{number}.py"
        (tmp_path / path).write_bytes(old_bytes)
        expected[path] = new_bytes
        patch += diff.render(report(path, old_bytes, new_bytes))
    feed(TOOLS[tool][0], patch, tmp_path)
    assert {path: (tmp_path / path).read_bytes() for path in expected} == expected


def test_headers_carry_the_name_and_no_timestamp() -> None:
    lines = diff.render(report("train.py", OLD, NEW)).split(b"\n")
    assert lines[:3] == [b"--- train.py", b"+++ train.py", b"@@ -3,4 +3,4 @@"]


def test_an_absolute_name_below_the_current_folder_becomes_relative(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    absolute = str(tmp_path / "sub" / "train.py")
    assert diff.render(report(absolute, OLD, NEW)).startswith(b"--- sub/train.py\n")


@pytest.mark.parametrize(
    "new", [pytest.param(None, id="not changed"), pytest.param(OLD.decode(), id="changed into itself")]
)
def test_a_file_that_stays_has_an_empty_diff(new: str | None) -> None:
    same = FileReport(read_source("train.py", OLD), (), new)
    assert diff.render(same) == b""
    assert diff.view(same, colour=True) == ""


MARKUP = b"x = '[bold red]not markup[/] :smile: \\[a]' " + b"# long " * 60 + b"\t\x0c\n"


def test_the_coloured_view_is_the_patch_with_colours_added() -> None:
    file = report("train.py", MARKUP + b"y = 1\n", MARKUP.replace(b"x", b"z", 1) + b"y = 1\n")
    coloured = diff.view(file, colour=True)
    assert re.sub(r"\x1b\[\d*m", "", coloured).encode() == diff.render(file)
    red, green = (next(line for line in coloured.split("\n") if f"m{sign}" in line) for sign in "-+")
    assert red.startswith("\x1b[1m--- ")
    assert [line[:6] for line in coloured.split("\n")[2:5]] == ["\x1b[36m@", "\x1b[31m-", "\x1b[32m+"]
    assert green.startswith("\x1b[1m+++ ")


def test_the_plain_view_decodes_what_the_patch_holds_in_bytes() -> None:
    old = b"# coding: latin-1\nx = '\xfc'\n"
    assert "-x = 'ü'" in diff.view(report("train.py", old, old.replace(b"x", b"y")), colour=False)
