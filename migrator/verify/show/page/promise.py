"""The verdict on one promise: findings, cause, and expected differences."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.verify.result import Cause, Finding, Hunk, Outcome, Verdict
from migrator.verify.show.page.diff import anchor
from migrator.verify.show.page.element import Markup, code, element, prose
from migrator.verify.show.plain import capital, sentence


def tone(outcome: Outcome) -> str:
    """Name the style of an outcome."""
    match outcome:
        case Outcome.EQUAL:
            return "equal"
        case Outcome.DIFFERENT:
            return "different"
        case Outcome.UNKNOWN:
            return "unknown"


def badge(outcome: Outcome) -> Markup:
    """Write an outcome as a word in its colour."""
    return element("span", outcome.value, class_=f"badge {tone(outcome)}")


def _finding(finding: Finding) -> Markup:
    step = None if finding.step is None else f"from step {finding.step} on"
    at = (", at " if step else "at ", code(finding.place)) if finding.place else None
    where = element("div", step, at, class_="soft small") if step or at else None
    return element(
        "tr",
        element("th", finding.aspect, scope="row"),
        element("td", badge(finding.outcome)),
        element("td", prose(finding.told), where),
    )


def _findings(verdict: Verdict) -> Markup:
    head = element("tr", [element("th", title, scope="col") for title in ("Aspect", "Outcome", "Observation")])
    body = [_finding(finding) for finding in verdict.findings]
    label = f"Findings on {verdict.promise}"
    return element("table", element("thead", head), element("tbody", body), class_="findings", aria_label=label)


def _cause(cause: Cause, outcome: Outcome, hunks: Sequence[Hunk]) -> Markup:
    edit = None
    if cause.code or cause.message or cause.place:
        place = code(cause.place)
        if place and (target := anchor(hunks, cause.place)):
            place = element("a", place, href=f"#{target}")
        rule = element("b", cause.code) if cause.code else None
        edit = element("p", "Nearest edit: ", rule, " at " if rule and place else None, place)
    message = element("p", prose(cause.message)) if cause.message else None
    return element(
        "div",
        element("h3", "Most likely cause: ", cause.name),
        element("p", prose(sentence(cause.why))) if cause.why else None,
        edit,
        message,
        class_=f"cause {tone(outcome)}",
    )


def render(verdict: Verdict, number: int, hunks: Sequence[Hunk]) -> Markup:
    """Write one promise."""
    heading = f"promise-{number}"
    expected = None
    if verdict.differences:
        items = [element("li", prose(capital(difference))) for difference in verdict.differences]
        expected = element("div", element("h3", "Expected differences"), element("ul", items, class_="listed"))
    return element(
        "section",
        element("h2", element("span", f"{verdict.promise} · {verdict.title}"), badge(verdict.outcome), id=heading),
        element("p", prose(sentence(verdict.summary))),
        _cause(verdict.cause, verdict.outcome, hunks) if verdict.cause else None,
        _findings(verdict) if verdict.findings else None,
        expected,
        class_="promise",
        aria_labelledby=heading,
    )
