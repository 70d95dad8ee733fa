"""Write into README.md what the tool itself knows: the example's diff and the table of rules."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path

from migrator.config import Settings
from migrator.project import pipeline
from migrator.report.rules import table
from migrator.rules.catalogue import CATALOGUE

README = Path(__file__).parents[1] / "README.md"
EXAMPLE = ("```diff\n", "```\n")
RULES = ("<!-- rules: written by `make docs` -->\n\n", "\n<!-- end of rules -->\n")


def _split(text: str, markers: tuple[str, str]) -> tuple[str, str, str]:
    """Cut a text into what stands before, between and after two markers, the markers kept outside."""
    begin, end = markers
    head, rest = text.split(begin, 1)
    inner, tail = rest.split(end, 1)
    return head + begin, inner, end + tail


def _example(diff: str) -> str:
    """Migrate the old side of a diff, and give the diff that comes of it today, with every line."""
    old = [line[1:] for line in diff.splitlines(keepends=True) if line[0] in " -"]
    report = pipeline.run_text("".join(old), "train.py", Settings())
    new = (report.files[0].text or "").splitlines(keepends=True)
    _, _, _, *lines = unified_diff(old, new, n=len(old))
    return "".join(lines)


def current(readme: str) -> str:
    """Give the text of the README as it should be today."""
    head, example, tail = _split(readme, EXAMPLE)
    readme = head + _example(example) + tail
    head, _, tail = _split(readme, RULES)
    return head + table(CATALOGUE) + tail


def main() -> int:
    """Write the README."""
    README.write_text(current(README.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
