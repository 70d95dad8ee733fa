"""Settle which changes stand: the greatest set of whole changes in which every requirement is met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from migrator.plan.plan import Plan, Withheld
from migrator.rules.change import Argument, Change, Level
from migrator.rules.fact import ACCELERATOR, PREPARED, UNBLOCKED, Fact
from migrator.rules.prepare import Prepare
from migrator.rules.scaffold import CreateAccelerator


class Selection(Protocol):
    """Which rules the user wants."""

    def takes(self, change: Change) -> bool:
        """Whether a change is wanted: its code is selected, and no comment in the file leaves it out."""

    def takes_code(self, code: str) -> bool:
        """Whether a code is selected."""


class Settlement:
    """The changes that stand so far, and why the others do not.

    A change is offered, and stands until something that it requires is missing. Requirements are its own, those of its
    group, and what any change or finding obliges the provider of a fact to. Where a change is withheld, its fallback is
    offered in its place.
    """

    def __init__(self, changes: Iterable[Change], selection: Selection, unsafe: bool, given: Iterable[Fact]) -> None:
        """Offer all changes.

        Args:    given: facts that hold without any change.
        """
        self.plan = Plan()
        self.open: list[Change] = []
        self.best_effort: list[Change] = []
        self._selection = selection
        self._unsafe = unsafe
        self._given = frozenset(given)
        self._obligations: defaultdict[Fact, set[Fact]] = defaultdict(set)
        self._groups: set[object] = set()  # those with a member that is withheld
        for change in changes:
            self.offer(change)

    def offer(self, change: Change) -> None:
        """Let a change stand for now, or report a finding."""
        for fact, facts in change.obliges.items():
            self._obligations[fact] |= facts
        if change.is_advice:
            self.plan.advice.append(change)
        elif not self._selection.takes(change):
            self.withhold(change, f"{change.code} is not selected")
        elif change.level is Level.UNSAFE and not self._unsafe:
            self.withhold(change, "not safe in every case; `--unsafe` applies it")
        else:
            (self.best_effort if change.best_effort else self.open).append(change)

    def withhold(self, change: Change, reason: str, waits: bool = False) -> None:
        """Take a change out, and offer its fallback."""
        self.open = [x for x in self.open if x is not change]
        if change.group is not None:
            self._groups.add(change.group)
        if change.fallback is not None:
            self.offer(change.fallback)
        elif change.is_reported:
            self.plan.withheld.append(Withheld(change, reason, waits))

    def settle(self) -> None:
        """Withhold changes until all that stand can be made together."""
        while self._withhold_unmet() or self._withhold_groups() or self._withhold_clashes():
            pass

    def close(self) -> None:
        """Let nothing stand that must not be made beside what blocks the program."""
        if self.plan.blockers:
            self._given -= {UNBLOCKED}
            self.settle()
        if not any(PREPARED in change.provides for change in self.open) and PREPARED not in self._given:
            self.plan.mark_blocking(self._core())

    def arguments(self) -> tuple[Argument, ...]:
        """What the Accelerator is made with, each name once."""
        return tuple({x.name: x for change in self.open for x in change.arguments}.values())

    # ------------------------------------------------------------ requirements

    def _withhold_unmet(self) -> bool:
        facts = self._given.union(*(change.provides for change in self.open))
        unmet = [(change, missing) for change in self.open if (missing := self._requirements(change) - facts)]
        for change, missing in unmet:
            self.withhold(change, self._explain(missing), waits=True)
        return bool(unmet)

    def _requirements(self, change: Change) -> set[Fact]:
        return set(change.requires).union(*(self._obligations[x] for x in change.provides if x in self._obligations))

    def _withhold_groups(self) -> bool:
        broken = [change for change in self.open if change.group is not None and change.group in self._groups]
        for change in broken:
            self.withhold(change, "it is only right together with a change that is withheld", waits=True)
        return bool(broken)

    def _withhold_clashes(self) -> bool:
        known: dict[str, tuple[Change, Argument]] = {}
        for change in self.open:
            for argument in change.arguments:
                other, first = known.setdefault(argument.name, (change, argument))
                if [x.text for x in first.ways] != [x.text for x in argument.ways]:
                    self.withhold(
                        change,
                        f"the Accelerator cannot be created with `{argument.name}={argument.ways[0].text}`: "
                        f"{other.code} in {_place(other)} needs `{argument.name}={first.ways[0].text}`",
                    )
                    return True
        return False

    def _core(self) -> frozenset[Fact]:
        """What `prepare` requires, directly or through what that requires, and `prepare` itself."""
        offered = [*self.open, *(x.change for x in self.plan.withheld)]
        found, todo = {PREPARED}, [PREPARED]
        while todo:
            fact = todo.pop()
            for change in (x for x in offered if fact in x.provides):
                new = self._requirements(change) - found
                found |= new
                todo += new
        return frozenset(found)

    def _explain(self, missing: set[Fact]) -> str:
        """Say in words why a requirement is not met, naming what is in the way."""
        if UNBLOCKED in missing or self.plan.blockers:
            for blocker in self.plan.blockers:
                return f"the program is not changed because of {blocker.code} in {_place(blocker)}"
        for withheld in self.plan.withheld:
            if not missing.isdisjoint(withheld.change.provides):
                if withheld.reason.startswith("it needs "):
                    return withheld.reason  # the last cause of a chain is the one to act on
                return f"it needs {withheld.change.code} in {_place(withheld.change)}: {withheld.reason}"
        if ACCELERATOR in missing:
            return f"it needs {CreateAccelerator.code}, which is not selected"
        return f"it is only right together with `prepare` ({Prepare.code}), which was not applied"


def _place(change: Change) -> str:
    return f"{change.module.source.path}:{change.module.where(change.node)[0]}"
