"""Every rule's examples: what `--explain` shows is what happens."""

from __future__ import annotations

import ast
import functools
import io
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path

import pytest

from migrator.config import Settings
from migrator.project import pipeline
from migrator.report.report import FileReport, Item, Level
from migrator.rules.catalogue import CATALOGUE
from migrator.rules.rule import Example, Rule
from migrator.rules.severity import Effect

DEFAULT = Settings()
GATE_OFF = Settings(ignore=("MIG004",))


def cases(kind: str = "") -> list[object]:
    """Give the examples of all rules: those that are rewritten, reported, left alone, or all of them."""
    found = []
    for rule in CATALOGUE:
        for example in rule.examples:
            fate = "rewritten" if example.after is not None else "reported" if example.reviews else "left"
            if kind in ("", fate):
                found.append(pytest.param(rule, example, id=f"{rule.code}-{example.name}"))
    return found


@functools.cache
def migrated(text: str, settings: Settings = DEFAULT) -> FileReport | None:
    report = pipeline.run_text(text, "train.py", settings)
    assert not report.problems, report.problems
    return report.files[0] if report.files else None


def items(text: str, code: str) -> list[Item]:
    file = migrated(text)
    return [item for item in file.items if item.code == code] if file else []


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in CATALOGUE])
def test_it_leaves_as_much_alone_as_it_touches(rule: Rule) -> None:
    names = [example.name for example in rule.examples]
    assert len(set(names)) == len(names)
    left = [example for example in rule.examples if example.after is None and not example.reviews]
    assert len(left) >= 2
    assert len(left) * 2 >= len(names)
    assert len(names) - len(left) >= 2 or not touches(rule)


def touches(rule: Rule) -> bool:
    """Whether a rule is one that edits or reports; some report nothing."""
    return any(example.after is not None or example.reviews for example in rule.examples)


@pytest.mark.parametrize(("rule", "example"), cases("rewritten"))
def test_it_is_rewritten(rule: Rule, example: Example) -> None:
    file = migrated(example.script)
    assert file is not None
    assert file.text == example.result
    assert any(item.code == rule.code and item.applied for item in file.items)


@pytest.mark.parametrize(("rule", "example"), cases("left"))
def test_it_is_left_alone(rule: Rule, example: Example) -> None:
    file = migrated(example.script)
    if example.frame is not None:
        assert file is not None
        assert file.text == example.result
    told = [item for item in file.items if item.code == rule.code] if file else []
    mine = lines_of_hole(example)
    assert not [item for item in told if item.line in mine]


def lines_of_hole(example: Example) -> range:
    """Give the lines that an example is about: those that replace the placeholder of its frame, or all."""
    whole = range(1, example.script.count("\n") + 2)
    if example.frame is None:
        return whole
    first = example.frame.around("").rstrip("\n").split("\n")
    filled = example.script.rstrip("\n").split("\n")
    start = next((i for i, (a, b) in enumerate(zip(first, filled, strict=False)) if a != b), len(first))
    return range(start + 1, start + 1 + len(filled) - len(first))


@pytest.mark.parametrize(("rule", "example"), cases("reported"))
def test_it_is_reported(rule: Rule, example: Example) -> None:
    told = [item for item in items(example.script, example.reviews) if not item.applied]
    assert told
    assert all(item.message for item in told)
    if example.at:
        lines = [number for number, line in enumerate(example.script.split("\n"), 1) if example.at in line]
        assert lines, "no line holds that text"
        assert lines[0] in [item.line for item in told]
    else:
        assert {item.line for item in told} & set(lines_of_hole(example))


def findings(rule: Rule, example: Example) -> list[Item]:
    """Give the items of a rule's code that an example of it is about."""
    lines = example.script.split("\n")
    mine = (
        {number for number, line in enumerate(lines, 1) if example.at in line} if example.at else lines_of_hole(example)
    )
    return [item for item in items(example.script, rule.code) if item.line in mine]


# rules that take several files to apply; the test that shows what they do
SEVERAL_FILES = {
    "shared-file": "tests/project/test_shared_files.py",
    "import-by-name": "tests/rules/test_engine.py",
    "unread-file": "tests/rules/test_engine.py",
}


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in CATALOGUE])
def test_it_does_what_its_effect_says(rule: Rule) -> None:
    examples = [example for example in rule.examples if example.after is not None or example.reviews == rule.code]
    if rule.name in SEVERAL_FILES:
        assert not examples
        return
    found = [item for example in examples for item in findings(rule, example)]
    match rule.effect:
        case Effect.EDITS:
            assert any(item.applied for item in found)
        case Effect.EDITS_WITH_UNSAFE:
            assert any(item.level is Level.UNSAFE for item in found)
        case Effect.BLOCKS:
            blocked = [example for example in examples if blocks(rule.code, example)]
            assert blocked
            assert all((file := migrated(example.script)) is not None and file.text is None for example in blocked)
        case Effect.REVIEWS:
            assert any(item.level is Level.REVIEW for item in found)
        case Effect.NOTES:
            assert {item.level for item in found} == {Level.NOTE}
    if rule.effect is not Effect.EDITS:
        assert not any(item.applied for item in found)


def blocks(code: str, example: Example) -> bool:
    """Whether a finding with this code blocks the program of an example."""
    return any(item.blocks for item in items(example.script, code))


def comments(text: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


@pytest.mark.parametrize(("rule", "example"), cases())
def test_what_comes_out_is_whole(rule: Rule, example: Example, tmp_path: Path) -> None:
    file = migrated(example.script)
    ast.parse(example.script)
    if file is None or file.text is None:
        return
    ast.parse(file.text)
    assert comments(file.text) == comments(example.script)
    for settings in (DEFAULT, GATE_OFF):
        again = migrated(file.text, settings)
        assert again is None or again.text is None
    path = tmp_path / "train.py"
    path.write_bytes(example.script.replace("\n", "\r\n").encode())
    (report,) = pipeline.run([str(path)], DEFAULT)
    (other,) = report.files
    assert other.text == file.text.replace("\n", "\r\n")


def test_a_migration_does_not_read_the_examples() -> None:
    program = (
        "import sys; from migrator.project import pipeline; print([x for x in sys.modules if 'rules.examples' in x])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
