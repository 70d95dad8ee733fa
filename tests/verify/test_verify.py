"""`migrate --verify` from end to end: what it says, how it exits, and that no file of the user's is touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrator.errors import Exit
from tests.programs.oracle.script import script

ROOT = Path(__file__).parents[2]
MIGRATE = (sys.executable, "-m", "migrator")
STEPS = ("--steps", "4", "--timeout", "120")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[project]\nname = 'flowers'\n")
    (tmp_path / "tmp").mkdir()
    return folder


def start(project: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(project.parent / "tmp"),
        "COLUMNS": "400",
        "CUDA_VISIBLE_DEVICES": "",
    }
    return subprocess.Popen(
        [*MIGRATE, *arguments],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def verify(project: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command, and insist that it leaves the project and the scratch folder as they were."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file() and ".git" not in path.parts}
    done = start(project, *arguments)
    out, err = done.communicate(timeout=300)
    report = [path for path in before if path.suffix in (".html", ".json")]
    after = {path: path.read_bytes() for path in project.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert {p: b for p, b in after.items() if p.suffix not in (".html", ".json")} == {
        path: data for path, data in before.items() if path not in report
    }
    assert list((project.parent / "tmp").glob("migrate-verify-*")) == []
    return done.returncode, " ".join(out.split()), err


def git(project: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)


def test_a_right_migration_is_equal(project: Path) -> None:
    right = script("13_early_return")
    (project / "train.py").write_text(right.before.text)
    code, out, err = verify(project, "train.py", "--verify", "--nproc", "3", "--report", "proof.json", "--", "train.py")
    assert code == Exit.DONE
    assert "equal: train.py (cpu, 3 processes)" in out
    assert "P1 equal: the same numbers on one process" in out
    assert "P2 equal: the right numbers on 3 processes" in out
    assert err.startswith(f"This executes your code: python train.py, in copies of {project}")
    assert "600 s" in err
    told = json.loads((project / "proof.json").read_text())
    assert [run["name"] for run in told["runs"]] == ["original", "migrated", "migrated, 3 processes"]
    assert told["runs"][0]["losses"] == told["runs"][1]["losses"]
    assert {edit["code"] for hunk in told["hunks"] for edit in hunk["edits"]} >= {"MIG001", "MIG201", "MIG301"}


def test_what_a_helper_prints_that_was_not_given_is_told_and_no_difference(project: Path) -> None:
    text = script("01_base_loop").before.text
    (project / "train.py").write_text(text.replace("\nmodel = ", "\nfrom helper import say\nsay('hello')\nmodel = "))
    (project / "helper.py").write_text("def say(what):\n    print(what)\n")
    code, out, _ = verify(project, "train.py", "--verify", *STEPS, "--", "train.py")
    assert code == Exit.DONE
    assert "P2 equal" in out
    assert "expected difference: console: process 1 prints too: 'hello' (explained by MIG702 at helper.py:2)" in out


def test_a_wrong_migration_is_different_and_the_cause_is_named(project: Path) -> None:
    right = script("01_base_loop")
    assert right.after is not None
    (project / "train.py").write_text(right.before.text)
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "before")
    wrong = right.after.text.replace("model, optimizer, loader, scheduler", "optimizer, loader, scheduler")
    (project / "train.py").write_text(wrong)
    code, out, _ = verify(project, "train.py", "--verify", "--against", "HEAD", *STEPS, "--", "train.py")
    assert code == Exit.DIFFERENT
    assert "P1 equal" in out
    assert "P2 different" in out
    assert "processes 0 and 1 differ: gradients of norm" in out
    assert "unsynchronised gradients" in out


def test_a_script_that_fails_by_itself_is_not_verified(project: Path) -> None:
    text = script("01_base_loop").before.text
    (project / "train.py").write_text(text.replace("\nmodel = ", "\nopen('data/missing.csv')\nmodel = "))
    code, out, _ = verify(project, "train.py", "--verify", *STEPS, "--", "train.py")
    assert code == Exit.UNVERIFIED
    assert "P1 not verified" in out
    assert "the original fails: FileNotFoundError: [Errno 2] No such file or directory: 'data/missing.csv'" in out


def test_what_is_looked_for_beside_the_project_is_named(project: Path) -> None:
    (project.parent / "data.csv").write_text("1")
    text = script("01_base_loop").before.text
    (project / "train.py").write_text(text.replace("\nmodel = ", "\nopen('../data.csv')\nmodel = "))
    code, out, _ = verify(project, "train.py", "--verify", *STEPS, "--", "train.py")
    assert code == Exit.UNVERIFIED
    assert f"looked for beside the project {project}, of which nothing is copied: ../data.csv" in out


def test_a_hang_is_cut_and_shown(project: Path) -> None:
    text = script("01_base_loop").before.text
    (project / "train.py").write_text(text + "\n\ndef wait():\n    __import__('time').sleep(600)\n\n\nwait()\n")
    code, out, _ = verify(project, "train.py", "--verify", "--steps", "1000", "--timeout", "5", "--", "train.py")
    assert code == Exit.UNVERIFIED
    assert "was not done after 5 s" in out
    assert "in wait" in out


def test_a_script_that_does_not_repeat_itself_is_never_equal(project: Path) -> None:
    text = script("01_base_loop").before.text
    (project / "train.py").write_text(
        text.replace("\nmodel = ", "\ntorch.manual_seed(__import__('time').time_ns())\nmodel = ")
    )
    code, out, _ = verify(project, "train.py", "--verify", *STEPS, "--", "train.py")
    assert code == Exit.UNVERIFIED
    assert "wo runs of the original differ from each other" in out


def test_a_write_into_the_project_itself_is_kept_from_happening(project: Path) -> None:
    text = script("01_base_loop").before.text
    (project / "train.py").write_text(text + f"\nopen({str(project / 'train.py')!r}, 'a').write('# mine')\n")
    code, out, _ = verify(project, "train.py", "--verify", "--steps", "1000", "--", "train.py")
    assert code == Exit.UNVERIFIED
    assert f"not written, since it is outside of the copies: {project / 'train.py'}" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train.py", "--verify"), "give it, with its arguments, after --"),
        (("train.py", "--verify", "--", "missing.py"), "missing.py is not a file"),
        (("train.py", "--verify", "--against", "HEAD", "--", "train.py"), "run without --against"),
        (("train.py", "--verify", "--write", "--", "train.py"), "--verify changes no file"),
        (("train.py", "--verify", "--report", "proof.txt", "--", "train.py"), "must end with .html or .json"),
        (("train.py", "--steps", "3"), "--steps has no effect without --verify"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_runs(
    project: Path, arguments: tuple[str, ...], told: str
) -> None:
    (project / "train.py").write_text(script("01_base_loop").before.text)
    code, _, err = verify(project, *arguments)
    assert code == Exit.USAGE
    assert told in err
    assert "This executes" not in err


def test_where_nothing_is_changed_there_is_nothing_to_compare(project: Path) -> None:
    (project / "plain.py").write_text("print('nothing')\n")
    code, _, err = verify(project, "plain.py", "--verify", "--", "plain.py")
    assert code == Exit.UNVERIFIED
    assert "give the git revision of the original: --against REV" in err


def test_ctrl_c_leaves_nothing(project: Path) -> None:
    (project / "train.py").write_text(
        script("01_base_loop").before.text.replace(
            "\nmodel = ", "\nprint('begun')\n__import__('time').sleep(600)\nmodel = "
        )
    )
    running = start(project, "train.py", "--verify", "--", "train.py")
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("original | begun"):
            break
    running.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, err = running.communicate(timeout=60)
    assert running.returncode == Exit.INTERRUPTED, err
    assert time.monotonic() - begun < 30
    assert list((project.parent / "tmp").glob("migrate-verify-*")) == []
