"""A settled plan as a report: the one place where changes and findings become the items of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from migrator.plan.plan import Plan
from migrator.report.report import FileReport, Item, Level
from migrator.rules.change import Change, short
from migrator.source import syntax as s
from migrator.source.ignore import Ignores
from migrator.source.module import Module


def _message(change: Change, module: Module, node: s.Node) -> str:
    """Give the message of a change at one of its sites: where it quotes the text of the first, with that of this one."""
    if node is change.node:
        return change.message
    return change.message.replace(f"`{short(change.module.text(change.node))}`", f"`{short(module.text(node))}`", 1)


def item_of(change: Change, module: Module, node: s.Node, *, applied: bool = False, reason: str = "") -> Item:
    """Give the item for one of the nodes that a change or a finding is about.

    Args:    reason: why it was withheld; that of the change itself where it was not.
    """
    span = module.span(node)
    line, column = module.source.where(span.start)
    end_line, end_column = module.source.where(max(span.start, span.end - 1))
    return Item(
        line,
        column,
        change.code,
        _message(change, module, node),
        change.level if applied or change.is_advice else Level.REVIEW,
        end_line,
        end_column + 1,
        reason or change.reason,
        change.help,
        applied,
        blocks=change.blocks and change.is_advice,
    )


def file_reports(
    plan: Plan,
    texts: Mapping[Module, str],
    ignores: Mapping[Module, Ignores],
    wants: Callable[[str], bool],
    module_of: Callable[[s.Node], Module],
) -> tuple[FileReport, ...]:
    """Report every edit and every finding of a plan, file by file.

    Args:    texts: the new text of each changed module; none where the result was not sound. ignores: the comments that
             leave rules out. wants: whether a code is selected.
    """
    items: dict[Module, dict[Item, None]] = {}

    def add(
        change: Change, reason: str = "", *, applied: bool = False, waits: bool = False, blocks: bool = False
    ) -> None:
        for node in change.sites:
            module = module_of(node)
            if module in ignores and not applied and ignores[module].covers(change.code, module, node):
                continue
            item = item_of(change, module, node, applied=applied, reason=reason)
            items.setdefault(module, {})[replace(item, waits=waits, blocks=item.blocks or blocks)] = None

    for change in (x for x in plan.accepted if x.is_reported):
        add(change, applied=bool(texts))
    for withheld in plan.withheld:
        add(withheld.change, withheld.reason, waits=withheld.waits, blocks=withheld.blocks)
    is_refused = bool(plan.blockers) or any(x.blocks for x in plan.withheld)
    for advice in plan.advice:
        if advice.blocks or wants(advice.code):  # what blocks the program is reported whatever was selected
            add(advice, advice.reason, waits=advice.waits or (is_refused and advice.level is Level.NOTE))
    return tuple(
        FileReport(module.source, tuple(sorted(items.get(module, {}))), texts.get(module))
        for module in dict.fromkeys([*items, *texts])
    )
