"""One run: its command, how long it took, how it ended, and what it left where it failed."""

from __future__ import annotations

from migrator.verify.number import seconds
from migrator.verify.page.element import Markup, element, scroll
from migrator.verify.result import Run


def _hidden(title: str, text: str, shown: bool = False) -> Markup | None:
    if not text:
        return None
    summary = element("summary", title)
    return element("details", summary, scroll(title, element("pre", text)), open="open" if shown else None)


def run(one: Run) -> Markup:
    """Write one run."""
    facts = [("Ended", one.ended)]
    if one.seconds:
        facts += [("Took", seconds(one.seconds)), ("Steps", f"{one.steps:,}")]
    return element(
        "article",
        element("h3", one.name),
        element("code", one.command, class_="command") if one.command else None,
        element(
            "dl",
            [element("div", element("dt", title), element("dd", value)) for title, value in facts],
            class_="facts",
        ),
        _hidden(f"Error of {one.name}", one.error, shown=True),
        _hidden(f"Where all processes of {one.name} were", one.stacks),
    )
