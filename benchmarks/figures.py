"""The figures as a Markdown table, and their place in the README: a section for each product."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- figures: printed by `make bench` -->\n", "<!-- end of figures -->\n"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; lower is better throughout."""

    what: str
    must: str
    aim: str
    measured: str


def table(figures: Iterable[Figure]) -> str:
    """Write figures as a Markdown table."""
    rows = [("measure", "must", "aim", "measured"), ("---", "---:", "---:", "---:")]
    rows += [(figure.what, figure.must, figure.aim, figure.measured) for figure in figures]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def place(readme: str, title: str, content: str) -> str:
    """Put a section between the markers of the README; the other sections there stay."""
    head, rest = readme.split(BEGIN, 1)
    inner, tail = rest.split(END, 1)
    sections = dict(re.findall(r"^### (.*)\n\n((?:(?!### ).*\n)*?)\n?(?=### |\Z)", inner, re.MULTILINE))
    sections[title] = content
    written = "\n".join(f"### {name}\n\n{text.strip()}\n" for name, text in sections.items())
    return f"{head}{BEGIN}\n{written}\n{END}{tail}"


def write(title: str, content: str) -> None:
    """Write a section into the README."""
    README.write_text(place(README.read_text(encoding="utf-8"), title, content), encoding="utf-8", newline="\n")
