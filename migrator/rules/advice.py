"""The base class of rules that never edit: they report a site, its consequence and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar, TypeVar

from migrator.rules.change import Change, Level, short
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training

_Enclosing = TypeVar("_Enclosing", bound=s.Node)
Sites = Iterable[tuple[s.Node, str]]


class AdviceRule(Rule):
    """Base of the rules that report constructs in code that takes part in the training.

    Its findings follow from its ``effect``: BLOCKS, REVIEWS or NOTES.
    """

    once: ClassVar[bool] = False  # only the first site is reported
    anywhere: ClassVar[bool] = False  # `sites` itself gives only code that takes part in the training
    reason: ClassVar[str] = ""
    help: ClassVar[str] = ""

    def sites(self, training: Training) -> Sites:
        """Give the nodes to report, each with its message."""
        raise TypeError(f"INTERNAL ERROR: {self.code} names no sites")

    def check(self, training: Training) -> Iterator[Change]:
        seen: set[s.Node] = set()
        level = Level.NOTE if self.effect is Effect.NOTES else Level.REVIEW
        for node, what in self.sites(training) if training.required or self.anywhere else ():
            if node not in seen and (self.anywhere or training.is_involved(node)):
                seen.add(node)
                module = training.module_of(node)
                yield Change(
                    self.code, module, node, what, level=level, blocks=self.effect is Effect.BLOCKS,
                    reason=self.reason, help=self.help,
                )  # fmt: skip
                if self.once:
                    return


def shown(training: Training, node: s.Node) -> str:
    """Give a node's text on one line, shortened."""
    return short(training.module_of(node).text(node), 60)


def calls_of(training: Training, pattern: str) -> Iterator[s.Call]:
    """Give the calls of library functions whose qualified name matches, in source order within each name."""
    matches = re.compile(pattern)
    for name, found in training.calls.items():
        if matches.fullmatch(name):
            for _, call in found:
                yield call


def enclosing(inner: s.Node, *kinds: type[_Enclosing]) -> Iterator[_Enclosing]:
    """Give the nodes of some kinds around a node, innermost first, within its function."""
    node: s.Node | None = inner
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        node = node.parent
        if isinstance(node, kinds):
            yield node
