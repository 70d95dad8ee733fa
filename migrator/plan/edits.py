"""Carry a settled plan out: make the Accelerator, fill in how it is reached, clean up, and compose the edits of each file."""

from __future__ import annotations

from collections import defaultdict

from migrator.inference.never_run import asks_for_main
from migrator.plan.accelerator_scope import AcceleratorScope
from migrator.plan.accelerator_site import Access
from migrator.plan.callers import ExternalUse
from migrator.plan.hollow import drop_hollow
from migrator.plan.placeholder import asks_for_accelerator, filled
from migrator.plan.plan import Plan
from migrator.plan.settlement import Selection, Settlement
from migrator.plan.unused_device import unread
from migrator.rules.change import Step
from migrator.rules.scaffold import CleanUp, CreateAccelerator, ThreadAccelerator
from migrator.source import syntax as s
from migrator.source.block import Drop, Insert, Operation, Replace, Wrap, compose
from migrator.source.importing import import_operation
from migrator.source.layout import Layout
from migrator.source.module import Module
from migrator.training.training import Training


class Edits:
    """The operations on each file, from the changes that stand to the text."""

    def __init__(self, training: Training, scope: AcceleratorScope, access: Access) -> None:
        self._training = training
        self._scope = scope
        self._access = access
        self._operations: defaultdict[Module, list[Operation]] = defaultdict(list)

    def carry_out(self, settlement: Settlement, selection: Selection, target: str, users: ExternalUse) -> None:
        """Accept what stands, with what follows from it, and write the edits into the plan.

        Args:    target: the package that `Accelerator` is imported from. users: asked for files outside of the program that
                 use a name.
        """
        plan, access = settlement.plan, self._access
        plan.accepted = list(settlement.open)
        self._scope.keep(access)
        for change in settlement.open:
            for step in change.steps:
                self._operations[step.module].append(self._fill(step))
        for module, _, operation in access.threads:
            self._operations[module].append(operation)
        if not access.exists:
            self._create(settlement, target)
        self._report_threads(plan)
        if selection.takes_code(CleanUp.code):
            self._clean_up(plan, users)
        plan.edits = {
            module: compose(module, _joined_wraps(drop_hollow(module, found)))
            for module, found in self._operations.items()
        }
        plan.drop_covered()

    def _fill(self, step: Step) -> Operation:
        asks = asks_for_accelerator(step.operation)
        return filled(step, self._scope.expression(self._access, step.node) if asks else "")

    def _create(self, settlement: Settlement, target: str) -> None:
        """Make the Accelerator, after the lines that its arguments ask for, and import it."""
        access, arguments = self._access, settlement.arguments()
        given = ", ".join(f"{x.name}={access.arguments[x.name]}" for x in arguments)
        line = f"{access.name} = Accelerator({given})"
        # where only a `prepare` follows, the two stand together below the statement before
        follows = any(
            isinstance(x, Insert) and not x.tight and (x.block, x.index) == (access.block, access.index)
            for x in self._operations[access.module]
        )
        unit = Layout(access.module).default_unit()
        before = [text for argument in arguments for text in argument.before(unit)]
        below = access.block.statements[access.index]
        starts = isinstance(below, s.If) and asks_for_main(below.test)
        insert = Insert(access.block, access.index, (*before, line), tight=not (follows or starts), rank=-2)
        head = import_operation(access.module, target, access.block, access.index)
        self._operations[access.module] += [insert, head]
        settlement.plan.advice += [x for argument in arguments for x in argument.notes(access.module, below)]
        settlement.plan.accepted.append(CreateAccelerator.made(access.module, below, line, insert))

    def _report_threads(self, plan: Plan) -> None:
        access = self._access
        for function, (module, message) in access.threaded.items():
            steps = tuple(Step(module, node, operation) for where, node, operation in access.threads if where is module)
            plan.accepted.append(ThreadAccelerator.threaded(module, function, message, steps[:1]))

    def _clean_up(self, plan: Plan, users: ExternalUse) -> None:
        """Drop a device variable, or a flag that says whether there is a GPU, whose every reader has gone."""
        for module, found in self._operations.items():
            for statement, target in unread(self._training, module, found, users):
                span = module.span(statement.value)
                found[:] = [x for x in found if not (isinstance(x, Replace) and x.span.holds(span))]
                found.append(Drop(statement))
                plan.accepted.append(CleanUp.dropped(module, statement, target.id))


def _joined_wraps(operations: list[Operation]) -> list[Operation]:
    """Put neighbouring statements with the same header under one."""
    wraps = sorted((x for x in operations if isinstance(x, Wrap)), key=lambda x: (id(x.first.block), x.first.index))
    rest = [x for x in operations if not isinstance(x, Wrap)]
    joined: list[Wrap] = []
    for wrap in wraps:
        last = joined[-1] if joined else None
        if last is not None and last.first.block is wrap.first.block and last.header == wrap.header:
            if wrap.first.index <= last.last.index + 1:
                joined[-1] = Wrap(
                    last.first, wrap.last if wrap.last.index > last.last.index else last.last, wrap.header
                )
                continue
        joined.append(wrap)
    return [*rest, *joined]
