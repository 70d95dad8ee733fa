"""The result as one HTML page that loads nothing, runs nothing, and reads well on a phone, on paper and in the dark.

``element``  markup that escapes what it is given
``style``    the look, and the policy that forbids everything else
``promise``, ``curve``, ``table``, ``diff``, ``run``  the parts, from top to bottom
"""

from __future__ import annotations

from collections.abc import Iterator

from migrator.verify.result import Outcome, Result
from migrator.verify.show.number import processes
from migrator.verify.show.page import curve, diff, promise, run, table
from migrator.verify.show.page.element import Content, Markup, code, element, prose
from migrator.verify.show.page.promise import tone
from migrator.verify.show.page.style import POLICY, STYLE
from migrator.verify.show.plain import capital, sentence

_HEADLINES = {
    Outcome.EQUAL: ("Equal", "The migrated program does what the original does."),
    Outcome.DIFFERENT: ("Different", "The migrated program does not do what the original does."),
    Outcome.UNKNOWN: ("Not verified", "Whether the migrated program does what the original does is not known."),
}
_SIGNS = {  # drawn in a square of 24
    Outcome.EQUAL: "M5 12.5l4.5 4.5L19 7.5",
    Outcome.DIFFERENT: "M5 9h14M5 15h14M15.5 4.5l-7 15",
    Outcome.UNKNOWN: "M8.5 9a3.5 3.5 0 1 1 5.2 3c-1.1.7-1.7 1.3-1.7 2.7M12 19h.01",
}


def _sign(outcome: Outcome) -> Markup:
    shape = element("path", d=_SIGNS[outcome])
    return element("svg", shape, viewBox="0 0 24 24", class_="mark", aria_hidden="true", focusable="false")


def _head(result: Result) -> Markup:
    outcome = result.outcome
    word, told = _HEADLINES[outcome]
    if outcome is not Outcome.EQUAL:
        told += " " + sentence(next((one.summary for one in result.verdicts if one.outcome is outcome), ""))
    return element(
        "header",
        element("h1", _sign(outcome), word),
        element("p", prose(told), class_="lead"),
        element(
            "ul",
            [
                element("li", f"{one.promise} {one.title}: ", element("b", one.outcome.value, class_=tone(one.outcome)))
                for one in result.verdicts
            ],
        ),
        class_=f"head {tone(outcome)}",
    )


def _subject(result: Result) -> Markup:
    where = f"target {result.target} · {processes(result.processes)} · {result.device}"
    return element("div", element("p", code(result.script)), element("p", where, class_="soft small"), class_="subject")


def _section(name: str, title: str, *content: Content) -> tuple[str, str, Markup]:
    heading = element("h2", title, id=name)
    return name, title, element("section", heading, *content, aria_labelledby=name)


def _marks(result: Result) -> Markup | None:
    """Explain the marks in the table of steps."""
    names = [one.name for one in result.runs]
    if len(names) < 2:
        return None
    strict = element("span", "marked", class_="differs")
    text: list[Content] = [f"Where {names[1]} differs from {names[0]}: ", strict, ". "]
    if len(names) > 2:
        text += ["Expected differences of other runs: ", element("span", "underlined", class_="varies"), "."]
    return element("p", text, class_="soft small")


def _sections(result: Result) -> Iterator[tuple[str, str, Markup]]:
    """Give each part below the promises that has something to show: its anchor, title and content."""
    if result.runs:
        yield _section("losses", "Losses", curve.render(result.runs))
    if result.steps:
        yield _section("steps", "Steps", _marks(result), table.render(result.steps, result.runs))
    if result.hunks:
        blamed = [verdict.cause.place for verdict in result.verdicts if verdict.cause]
        yield _section("diff", "Diff", list(diff.render(result.hunks, blamed)))
    if result.runs:
        yield _section("runs", "Runs", element("div", [run.render(one) for one in result.runs], class_="runs"))
    if result.notes:
        notes = [element("li", prose(capital(note))) for note in result.notes]
        yield _section("notes", "Notes", element("ul", notes, class_="listed"))


def _footer(result: Result) -> Markup:
    versions = " · ".join(f"{name} {version}" for name, version in result.versions)
    return element("footer", element("p", f"Made by migrate --verify. {versions}", class_="soft small"))


def render(result: Result) -> str:
    """Write a result as a page."""
    sections = list(_sections(result))
    links = [element("li", element("a", title, href=f"#{name}")) for name, title, _ in sections]
    page = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=POLICY),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="referrer", content="no-referrer"),
            element("title", f"{result.outcome.value}: {result.script}"),
            element("style", Markup(STYLE)),
        ),
        element(
            "body",
            _subject(result),
            _head(result),
            element("nav", element("ul", links), aria_label="Parts of this page") if links else None,
            element(
                "main",
                element(
                    "div",
                    [
                        promise.render(verdict, number + 1, result.hunks)
                        for number, verdict in enumerate(result.verdicts)
                    ],
                    class_="promises",
                ),
                [content for _, _, content in sections],
            ),
            _footer(result),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"
