"""What the migration changed, each hunk beside the rules that made it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from migrator.verify.result import Hunk
from migrator.verify.show.page.element import Markup, code, element, prose, scroll

_START = re.compile(r"@@ -\S+ \+(\d+)")
_PLACE = re.compile(r"(.+):(\d+)")
_CLASSES = {"@": "at", "+": "add", "-": "cut"}  # by a line's first character


def _numbered(hunk: Hunk) -> Iterator[tuple[str, int | None]]:
    """Give each line with its number in the migrated file, None where it is not part of that."""
    number = None
    for line in hunk.lines:
        if start := _START.match(line):
            number = int(start[1])
            yield line, None
        elif number is None or line[:1] in ("-", "\\"):
            yield line, None
        else:
            yield line, number
            number += 1


def _is_at(hunk: Hunk, number: int | None, place: str) -> bool:
    spot = _PLACE.fullmatch(place)
    return spot is not None and hunk.file == spot[1] and number == int(spot[2])


def anchor(hunks: Sequence[Hunk], place: str) -> str | None:
    """Name the hunk that holds a place of the migrated program."""
    for index, hunk in enumerate(hunks):
        if any(_is_at(hunk, number, place) for _, number in _numbered(hunk)):
            return f"hunk-{index + 1}"
    return None


def _start(hunk: Hunk) -> str:
    """Name the place where a hunk begins in the migrated program."""
    first = next((number for _, number in _numbered(hunk) if number is not None), None)
    return hunk.file if first is None else f"{hunk.file}:{first}"


def _patch(hunk: Hunk, blamed: Sequence[str]) -> Markup:
    lines = []
    for text, number in _numbered(hunk):
        kind = _CLASSES.get(text[:1])
        mark = "blame" if any(_is_at(hunk, number, place) for place in blamed) else None
        lines.append(element("span", text, class_=" ".join(filter(None, (kind, mark))) or None))
    return scroll(f"Changes at {_start(hunk)}", element("pre", lines), class_="patch")


def _rules(hunk: Hunk) -> Markup:
    edits = [element("li", element("b", rule), prose(message)) for rule, message in dict.fromkeys(hunk.edits)]
    return element("ul", edits, class_="rules")


def render(found: Sequence[Hunk], blamed: Sequence[str]) -> Iterator[Markup]:
    """Write all hunks; the lines at the ``blamed`` places are marked."""
    for index, hunk in enumerate(found):
        yield element(
            "article",
            element("h3", code(_start(hunk))),
            element("div", _patch(hunk, blamed), _rules(hunk) if hunk.edits else None, class_="beside"),
            class_="hunk",
            id=f"hunk-{index + 1}",
        )
