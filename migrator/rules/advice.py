"""Rules that edit nothing: they point at a site, and say what follows from it and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from migrator.rules.change import Change, Level, short
from migrator.rules.rule import Rule, Safety
from migrator.source import syntax as s
from migrator.training.training import Training

Sites = Iterable[tuple[Any, str]]


class AdviceRule(Rule):
    """Base of the rules that report constructs in code that takes part in the training."""

    safety = Safety.REVIEW
    level: ClassVar[Level] = Level.REVIEW
    blocks: ClassVar[bool] = False  # leaving it in place would be wrong, so the program is left alone
    once: ClassVar[bool] = False  # the first site speaks for all
    anywhere: ClassVar[bool] = False  # the rule itself knows that its sites take part
    reason: ClassVar[str] = ""
    help: ClassVar[str] = ""

    def sites(self, training: Training) -> Sites:
        """Give the nodes to report, each with what it is."""
        raise TypeError(f"INTERNAL ERROR: {self.code} names no sites")

    def check(self, training: Training) -> Iterator[Change]:
        seen: set[s.Node] = set()
        for node, what in self.sites(training) if training.required or self.anywhere else ():
            if node not in seen and (self.anywhere or training.is_involved(node)):
                seen.add(node)
                module = training.module_of(node)
                yield Change(
                    self.code, module, node, what, level=self.level, blocks=self.blocks,
                    reason=self.reason, help=self.help,
                )  # fmt: skip
                if self.once:
                    return


def shown(training: Training, node: Any) -> str:
    """Give a node's text on one line, shortened."""
    return short(training.module_of(node).text(node), 60)


def calls_of(training: Training, pattern: str) -> Iterator[s.Call]:
    """Give the calls of library functions whose qualified name matches, in source order within each name."""
    matches = re.compile(pattern)
    for name, found in training.calls.items():
        if matches.fullmatch(name):
            for _, call in found:
                yield call


def enclosing(node: Any, kinds: Any) -> Iterator[Any]:
    """Give the nodes of some kinds around a node, innermost first, within its function."""
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        node = node.parent
        if isinstance(node, kinds):
            yield node
