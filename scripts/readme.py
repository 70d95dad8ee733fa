"""Write what the tool itself knows into the documentation: the example of README.md, and docs/rules.md."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path

from migrator.config import Settings
from migrator.project import pipeline
from migrator.report.rules import table
from migrator.rules.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RULES = ROOT / "docs" / "rules.md"
EXAMPLE = ("```diff\n", "```\n")
INTRODUCTION = """\
# Rules

Written by `make docs`. `migrate --explain CODE` prints the documentation of a rule: what it does, why, how safe it is,
and examples. Several rules may share a code. A rule that does several things is listed under the first of them.

"""


def _split(text: str, markers: tuple[str, str]) -> tuple[str, str, str]:
    """Split a text into the parts before, between and after two markers; the markers stay in the outer parts."""
    begin, end = markers
    head, rest = text.split(begin, 1)
    inner, tail = rest.split(end, 1)
    return head + begin, inner, end + tail


def _example(diff: str) -> str:
    """Migrate the old side of a diff, and give the complete new diff."""
    old = [line[1:] for line in diff.splitlines(keepends=True) if line[0] in " -"]
    report = pipeline.run_text("".join(old), "train.py", Settings())
    new = (report.files[0].text or "").splitlines(keepends=True)
    _, _, _, *lines = unified_diff(old, new, n=len(old))
    return "".join(lines)


def current_readme(readme: str) -> str:
    """Give the text of README.md with the example migrated by the current code."""
    head, example, tail = _split(readme, EXAMPLE)
    return head + _example(example) + tail


def current_rules() -> str:
    """Give the text of docs/rules.md for the current rules."""
    return INTRODUCTION + table(CATALOGUE)


def main() -> int:
    """Write both files."""
    README.write_text(current_readme(README.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    RULES.write_text(current_rules(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
