"""The rules for people: the list of `--list-rules`, the page of `--explain`, the table of the README."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from inspect import cleandoc
from textwrap import dedent, indent

from migrator.rules.rule import Example, Rule, Safety

LEVELS = {
    Safety.SAFE: "applied",
    Safety.UNSAFE: "applied with --unsafe",
    Safety.REVIEW: "reported",
}


def _headline(rule: Rule) -> str:
    """Give what a rule does in one line: the first paragraph of its page."""
    return " ".join(rule.page().split("\n\n")[0].split())


def listing(rules: Sequence[Rule]) -> str:
    """Write a line for each rule: code, name, level and what it does, in columns."""
    rows = [(rule.code, rule.name, LEVELS[rule.safety]) for rule in rules]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for rule, row in zip(rules, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([*cells, _headline(rule)]) + "\n")
    return "".join(lines)


def table(rules: Sequence[Rule]) -> str:
    """Write the same as a Markdown table."""
    rows = [(rule.code, rule.name, LEVELS[rule.safety], _headline(rule).replace("|", "\\|")) for rule in rules]
    head = [("code", "rule", "level", "what it does"), ("---",) * 4]
    return "".join(f"| {' | '.join(row)} |\n" for row in head + rows)


def _example(example: Example) -> str:
    """Show an example as the diff that it gets, or as the code that stays."""
    before = dedent(example.before).strip("\n")
    where = f", {example.frame.where}" if example.frame is not None else ""
    if example.after is None:
        fate = f"reported as {example.reviews}" if example.reviews else "left alone"
        body = before
    else:
        after = dedent(example.after).strip("\n")
        _, _, *lines = unified_diff(before.split("\n"), after.split("\n") if after else [], n=len(before), lineterm="")
        fate, body = "rewritten", "\n".join(line for line in lines if not line.startswith("@@"))
    return f"{example.name} ({fate}{where}):\n\n{indent(body, '    ')}\n"


def explain(rule: Rule) -> str:
    """Write the page of one rule: what it does, why, how safe it is, and its examples."""
    title = f"{rule.code} {rule.name} ({LEVELS[rule.safety]})"
    return "\n".join([title, "=" * len(title), "", cleandoc(rule.page()), "", *map(_example, rule.examples)])
