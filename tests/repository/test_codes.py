"""The codes of rules are known in `rules/` alone: a family joins with its own file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import migrator

PACKAGE = Path(migrator.__file__).parent
CODE = re.compile(r"MIG\d")


def codes_in(text: str) -> list[str]:
    """Give the strings that hold a code, but for docstrings and those that are shown to people as an example."""
    tree = ast.parse(text)
    shown = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }  # fmt: skip
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in shown
        and CODE.search(node.value)
    ]


FILES = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ("rules", "cli")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_code_is_known_outside_of_the_rules(path: Path) -> None:
    assert codes_in(path.read_text(encoding="utf-8")) == []


def test_one_would_be_seen() -> None:
    assert codes_in('"""MIG301."""\nif change.code == "MIG301":\n    pass\n') == ["MIG301"]
