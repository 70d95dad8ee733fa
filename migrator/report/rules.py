"""The rules as documentation: `--list-rules`, the pages of `--explain`, docs/rules.md."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from inspect import cleandoc
from textwrap import dedent, indent

from migrator.rules.rule import Example, Rule
from migrator.rules.severity import Effect

_GROUPS = {
    Effect.EDITS: "Edits",
    Effect.EDITS_WITH_UNSAFE: "Edits with `--unsafe`",
    Effect.BLOCKS: "Blocks",
    Effect.REVIEWS: "Reviews",
    Effect.NOTES: "Notes",
}
_MEANINGS = {
    Effect.EDITS: "The code is changed. Where an edit would not be safe, the site is reported instead.",
    Effect.EDITS_WITH_UNSAFE: "The code is changed with `--unsafe` only, since the edit may change what the script computes.",
    Effect.BLOCKS: "The line is reported, and no file of the program is changed until it is removed or rewritten.",
    Effect.REVIEWS: "The site is reported and needs a decision. The rest of the program is migrated, unless the finding says that "
    "it is not.",
    Effect.NOTES: "The site is reported as worth knowing; there is nothing to do.",
}


def _headline(rule: Rule) -> str:
    """Give what a rule does in one line: the first paragraph of its page."""
    return " ".join(rule.page().split("\n\n")[0].split())


def listing(rules: Sequence[Rule]) -> str:
    """Write a line for each rule: code, name, effect and what it does, in columns."""
    rows = [(rule.code, rule.name, rule.effect.value) for rule in rules]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for rule, row in zip(rules, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([*cells, _headline(rule)]) + "\n")
    return "".join(lines)


def table(rules: Sequence[Rule]) -> str:
    """Write the rules as Markdown: a table for each effect, each after its meaning."""
    sections = []
    for effect in Effect:
        found = [rule for rule in rules if rule.effect is effect]
        rows = [(rule.code, rule.name, _headline(rule).replace("|", "\\|")) for rule in found]
        head = [("code", "rule", "what it does"), ("---",) * 3]
        lines = "".join(f"| {' | '.join(row)} |\n" for row in head + rows) if rows else "No rule does so today.\n"
        sections.append(f"## {_GROUPS[effect]}\n\n{_MEANINGS[effect]}\n\n{lines}")
    return "\n".join(sections)


def _example(example: Example) -> str:
    """Show an example as a diff, or as the code that is not changed."""
    before = dedent(example.before).strip("\n")
    where = f"; {example.frame.where}" if example.frame is not None else ""
    if example.after is None:
        result = f"reported as {example.reviews}" if example.reviews else "not affected"
        body = before
    else:
        after = dedent(example.after).strip("\n")
        _, _, *lines = unified_diff(before.split("\n"), after.split("\n") if after else [], n=len(before), lineterm="")
        result, body = "rewritten", "\n".join(line for line in lines if not line.startswith("@@"))
    return f"{example.name} ({result}{where}):\n\n{indent(body, '    ')}\n"


def explain(rule: Rule) -> str:
    """Write the page of one rule: what it does, why, how safe it is, and its examples."""
    title = f"{rule.code} {rule.name} ({rule.effect.value})"
    return "\n".join([title, "=" * len(title), "", cleandoc(rule.page()), "", *map(_example, rule.examples)])
