"""Bring the Accelerator to every change that uses it, and withhold those that it cannot be brought to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrator.plan.accelerator_scope import AcceleratorScope
from migrator.plan.accelerator_site import Access, Unreachable
from migrator.plan.placeholder import asks_for_accelerator, asks_for_device
from migrator.plan.settlement import Selection, Settlement
from migrator.rules.change import Change, Step
from migrator.rules.fact import PREPARED
from migrator.rules.scaffold import ThreadAccelerator
from migrator.source import syntax as s
from migrator.training.position import class_of, scope_of

_NOT_THREADED = f"the Accelerator must be handed on as a parameter ({ThreadAccelerator.code}), which is not selected"


class Reach:
    """How the changes that stand reach the Accelerator."""

    def __init__(self, scope: AcceleratorScope, settlement: Settlement, selection: Selection) -> None:
        self._scope = scope
        self._settlement = settlement
        self._threads = selection.takes_code(ThreadAccelerator.code)

    def settle(self, may_be_empty: bool) -> Access | None:
        """Withhold changes until the Accelerator reaches all that stand; None where none stands.

        Args:    may_be_empty: whether an Accelerator of the script's own is of use to changes made on best effort.
        """
        while True:
            self._settlement.settle()
            if not self._settlement.open and not may_be_empty:
                return None
            try:
                return self._access(self._settlement.open)
            except Unreachable as problem:
                self._withhold(problem)

    def _access(self, changes: list[Change]) -> Access:
        sites = [step.node for step in _asking(changes)]
        access = self._scope.solve(sites, self._settlement.arguments(), _placing(changes))
        if access.threads and not self._threads:
            raise Unreachable(next(iter(access.threaded)), _NOT_THREADED)
        return access

    def _withhold(self, problem: Unreachable) -> None:
        """Withhold the changes whose sites cannot be reached; the core first, and with it everything."""
        core = [x for x in self._settlement.open if PREPARED in x.provides]
        try:
            if core:
                self._access(core)
        except Unreachable as first:
            for change in core:
                self._settlement.withhold(change, first.text)
            return
        if not self._withhold_one_by_one(core):  # reachable one by one, not all at once
            for change in core or self._settlement.open[:1]:
                self._settlement.withhold(change, problem.text)

    def _withhold_one_by_one(self, core: list[Change]) -> bool:
        reasons: dict[s.Node, str] = {}
        for change in [x for x in self._settlement.open if x not in core]:
            for step in _asking([change]):
                scope = scope_of(step.node)
                if scope not in reasons:
                    reasons[scope] = self._why_not(core, step.node)
                if reasons[scope]:
                    self._settlement.withhold(change, reasons[scope])
                    break
        return any(reasons.values())

    def _why_not(self, core: list[Change], node: s.Node) -> str:
        """Say why the Accelerator cannot be brought to a node besides the core; nothing where it can be."""
        sites = [*(step.node for step in _asking(core)), node]
        try:
            access = self._scope.solve(sites, self._settlement.arguments(), _placing(self._settlement.open))
        except Unreachable as problem:
            return problem.text
        return _NOT_THREADED if access.threads and not self._threads else ""

    # ------------------------------------------------------------ where it is at hand anyway

    def is_at_hand(self, access: Access, change: Change) -> bool:
        """Whether the Accelerator can be used where a change wants it, without bringing it anywhere."""
        return all(
            step.module in self._scope.editable and self._scope.is_at_hand(access, step.node) for step in change.steps
        )

    def would_be_at_hand(self, access: Access, change: Change, outside: Iterable[Change]) -> bool:
        """Whether a change is missed only because its file was not given, where other changes would bring the Accelerator."""
        if change.module in self._scope.editable:
            return False
        brought = {_sharer(step.node) for step in _asking(outside)}
        return _sharer(change.node) in brought or self._scope.is_at_hand(access, change.node)


def _asking(changes: Iterable[Change]) -> Iterator[Step]:
    """The steps whose text reaches for the Accelerator."""
    return (step for change in changes for step in change.steps if asks_for_accelerator(step.operation))


def _placing(changes: Iterable[Change]) -> set[s.Node]:
    """The sites that want nothing of the Accelerator but its device."""
    steps = list(_asking(changes))
    return {x.node for x in steps if asks_for_device(x.operation)} - {
        x.node for x in steps if not asks_for_device(x.operation)
    }


def _sharer(node: s.Node) -> s.Node:
    """The code that shares an Accelerator: the methods of a class, or a function."""
    scope: s.Node = scope_of(node)
    return class_of(scope) or scope
