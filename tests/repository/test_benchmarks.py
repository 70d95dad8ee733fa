"""The benchmark measures what it says, and writes its table where it belongs; how fast anything is, no test says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import bench, figures
from benchmarks.corpus import make_repository, plain_files, training_scripts
from benchmarks.figures import BEGIN, END, Figure
from benchmarks.measure import Cost, Costs, measure
from migrator.project.scan import matters

README = f"# Title\n\n{BEGIN}{END}\nMore.\n"
TABLE = figures.table([Figure("a file", "1.6", "1.2", "1.40", "1.35")])
needs_wait4 = pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system cannot tell the memory of a process")


def test_a_table_has_a_line_for_each_figure() -> None:
    assert TABLE.splitlines()[2:] == ["| a file | 1.6 | 1.2 | 1.40 | 1.35 |"]
    assert len({line.count("|") for line in TABLE.splitlines()}) == 1


def test_sections_stand_side_by_side_and_are_replaced_one_by_one() -> None:
    one = figures.place(README, "The migrator", TABLE)
    assert one == f"# Title\n\n{BEGIN}\n### The migrator\n\n{TABLE}\n{END}\nMore.\n"
    assert figures.place(one, "The migrator", TABLE) == one
    two = figures.place(one, "The runtime", "Calls.\n")
    assert re.findall(r"^### .*", two, re.MULTILINE) == ["### The migrator", "### The runtime"]
    assert TABLE in two
    three = figures.place(two, "The migrator", "Other.\n")
    assert three == two.replace(TABLE, "Other.\n")


def test_the_readme_has_room_for_it() -> None:
    text = figures.README.read_text(encoding="utf-8")
    assert f"### Any\n\n{TABLE}" in figures.place(text, "Any", TABLE)


def test_ratios_are_taken_within_rounds() -> None:
    rounds = {
        "tool": [Cost(2.0, 1.0, 30), Cost(40.0, 1.0, 30), Cost(6.6, 1.0, 60)],
        "floor": [Cost(1.0, 0.5, 10), Cost(20.0, 0.5, 10), Cost(3.0, 0.25, 10)],
    }
    costs = Costs(rounds)
    assert costs.ratio("tool", "floor", lambda cost: cost.time_s) == 2.0
    assert costs.ratio("tool", "floor", lambda cost: cost.memory_mb) == 3.0
    assert costs.further_ms("tool", "floor", lambda cost: cost.cpu_s) == pytest.approx(500)


@needs_wait4
def test_every_round_runs_every_command_and_the_first_is_not_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import sys, time; open(sys.argv[1], 'a').write(sys.argv[2]); time.sleep(float(sys.argv[3]))"
    commands = {name: (sys.executable, "-c", code, str(log), name, wait) for name, wait in (("a", "0"), ("b", "0.3"))}
    costs = measure(commands, 2)
    assert log.read_text() == "abbaab"
    assert [len(costs.rounds[name]) for name in commands] == [2, 2]
    assert all(cost.time_s >= 0.3 and cost.cpu_s > 0 for cost in costs.rounds["b"])
    assert all(1 < cost.memory_mb < 1000 for cost in costs.rounds["a"])


@needs_wait4
def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        measure({"fails": (sys.executable, "-c", "raise SystemExit(3)")}, 1)


def test_a_repository_has_the_share_of_training_scripts_that_it_should(tmp_path: Path) -> None:
    files = list(make_repository(tmp_path, 40, 0.1).rglob("*.py"))
    training = [path for path in files if matters(path.read_bytes())]
    assert (len(files), len(training)) == (40, 4)
    assert len({path.parent for path in training}) == 4
    assert training_scripts()[0].read_bytes() in [path.read_bytes() for path in training]


def test_plain_files_come_in_the_same_order_every_time() -> None:
    found = plain_files()
    assert found == plain_files()
    assert len(found) > 300


def test_the_floor_parses_what_may_matter_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("not Python\n")
    assert subprocess.run((*bench.FLOOR, str(tmp_path)), check=False).returncode == 0
    (tmp_path / "train.py").write_text("import torch, not Python\n")
    done = subprocess.run((*bench.FLOOR, str(tmp_path)), check=False, capture_output=True, text=True)
    assert "ParserSyntaxError" in done.stderr


@needs_wait4
@pytest.mark.slow
def test_it_prints_every_figure(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "FURTHER", 3)
    assert bench.main(["--rounds", "1", "--files", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    assert all(re.search(r"\| -?\d+\.\d+( ms)? \|[^|]*\|$", line) for line in lines[2:])
