"""From the changes that rules yield to a plan.

settlement.py  which changes stand: requirements, obligations, groups, fallbacks, arguments
reach.py       which of them the Accelerator can be brought to  (accelerator_site.py, accelerator_scope.py, callers.py)
edits.py       what is written  (placeholder.py, signature.py, unused_device.py)
guard.py       whether the result is sound
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from migrator.plan.accelerator_scope import AcceleratorScope
from migrator.plan.accelerator_site import Access
from migrator.plan.callers import ExternalUse
from migrator.plan.edits import Edits
from migrator.plan.plan import Plan
from migrator.plan.reach import Reach
from migrator.plan.settlement import Selection, Settlement
from migrator.rules.change import Change, Level
from migrator.rules.fact import ACCELERATOR, PREPARED, UNBLOCKED, Fact
from migrator.rules.scaffold import CreateAccelerator
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.training import Training

_NO_ACCELERATOR = (
    "no Accelerator is in scope here, so N processes print this line N times",
    "pass the Accelerator to this function, or create it before this line, and call `accelerator.print`",
)

InOne = Callable[..., Change]


def settle(
    training: Training,
    changes: Iterable[Change],
    selection: Selection,
    editable: set[Module],
    target: str,
    unsafe: bool,
    users: ExternalUse = lambda module, name: None,
) -> Plan:
    """Accept whole changes only.

    Args:    selection: which rules the user wants. editable: the modules that may be written. target: the package that
             `Accelerator` is imported from. unsafe: whether changes are applied that are not safe in every case. users:
             gives a file outside of the program that uses a name of a module, if there is one.
    """
    scope = AcceleratorScope(training.after, editable, users)
    settlement = Settlement(changes, selection, unsafe, _given(training, scope, selection))
    can_finish = training.is_prepared and scope.has_own and bool(settlement.best_effort)
    if not settlement.open and not can_finish:
        settlement.close()
        return settlement.plan
    outside = _withhold_outside(settlement, editable)
    _keep_relied_on(settlement, users)
    reach = Reach(scope, settlement, selection)
    access = reach.settle(can_finish)
    settlement.close()
    if access is None or not (settlement.open or can_finish):
        return settlement.plan
    if settlement.plan.blockers:
        access = reach.settle(can_finish)
    if access is not None:
        _take_best_effort(settlement, reach, access, outside)
        Edits(training, scope, access).carry_out(settlement, selection, target, users)
    return settlement.plan


def _given(training: Training, scope: AcceleratorScope, selection: Selection) -> set[Fact]:
    """The facts that hold without any change."""
    given = {UNBLOCKED}
    if selection.takes_code(CreateAccelerator.code) or scope.has_own:
        given.add(ACCELERATOR)
    if training.is_prepared:
        given.add(PREPARED)
    return given


def _withhold_outside(settlement: Settlement, editable: set[Module]) -> list[Change]:
    """Withhold and give the changes in files that were not given."""
    found = []
    for change in list(settlement.open):
        outside = [step.module for step in change.steps if step.module not in editable]
        if outside:
            found.append(change)
            settlement.withhold(change, _not_given(outside[0]))
    return found


def _keep_relied_on(settlement: Settlement, users: ExternalUse) -> None:
    """Keep moves that code outside of the program needs, which calls the same helper without preparing its objects."""
    for change in [x for x in settlement.open if x.is_relied_on]:
        helper = _outermost(change.node)
        user = users(change.module, helper.name) if helper is not None else None
        if helper is not None and user is not None:
            settlement.open.remove(change)
            shown = " ".join(change.module.text(change.node).split())[:60]
            settlement.offer(
                Change(
                    change.code, change.module, change.node, f"`{shown}` was not removed: {user} also uses `{helper.name}`",
                    level=Level.NOTE, reason="harmless here: that code does not prepare its models and batches, and needs the move",
                )
            )  # fmt: skip


def _take_best_effort(settlement: Settlement, reach: Reach, access: Access, outside: list[Change]) -> None:
    """Accept the optional changes where the Accelerator is in scope; report the others."""
    missed: dict[tuple[InOne, Module, bool], list[Change]] = {}
    for change in settlement.best_effort:
        if reach.is_at_hand(access, change):
            settlement.open.append(change)
        elif change.fallback is not None:
            settlement.offer(change.fallback)
        elif change.in_one is not None:
            only_not_given = reach.would_be_at_hand(access, change, outside)
            missed.setdefault((change.in_one, change.module, only_not_given), []).append(change)
    for (in_one, module, only_not_given), changes in missed.items():
        reason, help = (_not_given(module), "") if only_not_given else _NO_ACCELERATOR
        settlement.offer(in_one(changes, reason, help))


def _not_given(module: Module) -> str:
    return f"{module.source.path} is not among the given files (--follow adds it)"


def _outermost(node: s.Node | None) -> s.FunctionDef | s.ClassDef | None:
    """The function or class at the top of a module that a node is part of."""
    found = None
    while node is not None:
        if isinstance(node, (s.FunctionDef, s.ClassDef)):
            found = node
        node = node.parent
    return found
