"""What a rule asks for: edits that are made together or not at all, or a piece of advice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from migrator.rules.severity import Level as Level
from migrator.source.block import Operation, Replace
from migrator.source.module import Module
from migrator.source.span import Span

# stands in an edit's text for the expression that reaches the Accelerator where the edit is made
ACCELERATOR = "\ue000"


@dataclass(frozen=True, slots=True)
class Prefix:
    """Text to insert before an expression; its place is computed only if the edit is made.

    The first place that is computed in a file costs half a parse, and most migrated scripts only have edits like this one.
    """

    expression: Any
    text: str

    def placed(self, module: Module) -> Replace:
        """Give the operation in the text."""
        start = module.span(self.expression).start
        return Replace(Span(start, start), self.text)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation, with a node of the function that it happens in."""

    module: Module
    node: Any
    operation: Operation | Prefix


@dataclass(frozen=True, slots=True)
class Change:
    """A rule's answer for one site.

    A change with ``steps`` edits; one without is advice. ``gives`` are facts that hold once it is applied, ``needs`` are
    facts that must hold: it is applied only if other accepted changes give all of them.
    """

    code: str
    module: Module
    node: Any  # where it is reported
    message: str
    steps: tuple[Step, ...] = ()
    level: Level = Level.SAFE
    needs: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    blocks: bool = False  # advice that stops the whole program
    reason: str = ""
    help: str = ""
    best_effort: bool = False  # made only where the Accelerator is at hand anyway
    fallback: Change | None = None  # advice for where it is not
    waits: bool = False  # advice that repeats what another piece of advice is in the way of
    alike: tuple[Any, ...] = ()  # further nodes that the same change is about, each reported by itself

    @property
    def is_advice(self) -> bool:
        """Whether there is nothing to edit."""
        return not self.steps and self.level in (Level.REVIEW, Level.NOTE)


def short(text: str, width: int = 70) -> str:
    """Give code on one line, shorter than ``width`` characters or cut to that, as messages show it."""
    line = " ".join(text.split())
    return line if len(line) < width else line[: width - 3] + "..."
