"""One run: its command, how long it took, how it ended, and what it left where it failed."""

from __future__ import annotations

from migrator.verify.result import Run
from migrator.verify.show.number import seconds
from migrator.verify.show.page.element import Markup, element, scroll


def _hidden(title: str, text: str, shown: bool = False) -> Markup | None:
    if not text:
        return None
    summary = element("summary", title)
    return element("details", summary, scroll(title, element("pre", text)), open="open" if shown else None)


def _command(text: str) -> Markup:
    """Write a command that wraps between words only, not after the hyphens of `--flag`."""
    words = [[" " if number else None, element("span", word)] for number, word in enumerate(text.split(" "))]
    return element("code", words, class_="command")


def render(one: Run) -> Markup:
    """Write one run."""
    facts = [("Ended", one.ended)]
    if one.seconds:
        facts += [("Took", seconds(one.seconds)), ("Steps", f"{one.steps:,}")]
    return element(
        "article",
        element("h3", one.name),
        _command(one.command) if one.command else None,
        element(
            "dl",
            [element("div", element("dt", title), element("dd", value)) for title, value in facts],
            class_="facts",
        ),
        _hidden(f"Error of {one.name}", one.error, shown=True),
        _hidden(f"Where all processes of {one.name} were", one.stacks),
    )
