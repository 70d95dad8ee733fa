"""What is done to a program, and what is not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from migrator.rules.change import Change
from migrator.rules.fact import Fact
from migrator.source.edit import Edit
from migrator.source.module import Module
from migrator.training.position import within_any


@dataclass(frozen=True, slots=True)
class Withheld:
    """A change that is not made, and why."""

    change: Change
    reason: str
    waits: bool = False  # for something else that is reported by itself
    blocks: bool = False  # the rest of the program waits for it


@dataclass(slots=True)
class Plan:
    """The changes that are made, those that are not, the findings, and the edits by file."""

    accepted: list[Change] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    advice: list[Change] = field(default_factory=list)
    edits: dict[Module, list[Edit]] = field(default_factory=dict)

    @property
    def blockers(self) -> list[Change]:
        """The findings that keep the program as it is."""
        return [x for x in self.advice if x.blocks]

    def mark_blocking(self, core: frozenset[Fact]) -> None:
        """Mark what keeps a program as it is, where that is a change that could not be made.

        Args:    core: the facts without which nothing is changed.
        """
        self.withheld = [
            replace(x, blocks=True) if not x.waits and x.change.provides & core else x for x in self.withheld
        ]

    def drop_covered(self) -> None:
        """Drop findings and changes that accepted changes have made out of date."""
        covered = {node for change in self.accepted for node in change.covers}
        if covered:
            self.advice = [x for x in self.advice if x.blocks or not within_any(x.node, covered)]
            self.withheld = [x for x in self.withheld if not within_any(x.change.node, covered)]
