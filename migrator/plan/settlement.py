"""Settle what is done: the greatest set of whole changes in which every need is given, and how each is carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from migrator.inference.never_run import asks_for_main
from migrator.plan.accelerator_scope import AcceleratorScope, ExternalUse
from migrator.plan.accelerator_site import Access, Unreachable
from migrator.plan.device_notes import about_device, about_index
from migrator.plan.unused_device import unread
from migrator.rules.change import ACCELERATOR, Change, Level, Prefix, Step
from migrator.rules.console import repeated
from migrator.source import syntax as s
from migrator.source.block import Drop, Insert, Operation, Replace, Wrap, compose
from migrator.source.edit import Edit
from migrator.source.importing import import_operation
from migrator.source.layout import Layout
from migrator.source.module import Module
from migrator.training.device_request import CpuArgument, cpu_argument
from migrator.training.position import class_of, scope_of
from migrator.training.training import Training

# what takes moves away, so that whoever calls the code has to prepare what it gets
_REMOVALS = frozenset({"MIG102", "MIG103", "MIG107"})


@dataclass(frozen=True, slots=True)
class Withheld:
    """A change that is not made, and why."""

    change: Change
    reason: str
    waits: bool = False  # for something else that is reported by itself


@dataclass(slots=True)
class Plan:
    """What is done to a program, and what is not."""

    accepted: list[Change] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    advice: list[Change] = field(default_factory=list)
    edits: dict[Module, list[Edit]] = field(default_factory=dict)


def settle(
    training: Training,
    changes: Iterable[Change],
    wants: Any,
    editable: set[Module],
    target: str,
    unsafe: bool,
    users: ExternalUse = lambda module, name: None,
) -> Plan:
    """Accept whole changes only.

    Args:    wants: whether a rule's code is selected. editable: the modules that may be written. target: the package that
             `Accelerator` is imported from.
    """
    return _Settlement(training, list(changes), wants, editable, target, unsafe, users).run()


class _Settlement:
    def __init__(
        self,
        training: Training,
        changes: list[Change],
        wants: Any,
        editable: set[Module],
        target: str,
        unsafe: bool,
        users: ExternalUse,
    ) -> None:
        self.training = training
        self.wants = wants
        self.editable = editable
        self.target = target
        self.plan = Plan()
        self.plan.advice = [x for x in changes if x.is_advice]
        self.open: list[Change] = []
        self.outside: list[Change] = []  # in files that were not given
        self.best_effort: list[Change] = []
        for change in changes:
            if change.is_advice:
                continue
            if not wants(change):
                self._withhold(change, f"{change.code} is not selected")
            elif change.level is Level.UNSAFE and not unsafe:
                self._withhold(change, "not safe in every case; `--unsafe` applies it")
            else:
                (self.best_effort if change.best_effort else self.open).append(change)
        self.cpu = CpuArgument()
        self.users = users
        self.scope = AcceleratorScope(training.after, editable, users)

    def run(self) -> Plan:
        if not self.open and not self._can_finish():
            return self.plan
        self._check_files()
        self._keep_shared()
        if self.open:
            self.cpu = cpu_argument(self.training)
            self.plan.advice += about_device(self.training, self.cpu)
        access = self._settle()
        if access is not None:
            at_hand = {change for change in self.best_effort if self._is_at_hand(access, change)}
            missed = [x for x in self.best_effort if x not in at_hand]
            self.plan.advice += self._said_by_all(access, missed)
            self.plan.advice += [x.fallback for x in missed if x.fallback is not None]
            self.open += [change for change in self.best_effort if change in at_hand]
            self._carry_out(access)
        return self.plan

    def _can_finish(self) -> bool:
        """Whether the script trains through an Accelerator of its own, so that comforts can be added to it."""
        return self.training.is_prepared and self.scope.has_own and bool(self.best_effort)

    def _is_at_hand(self, access: Access, change: Change) -> bool:
        """Whether the Accelerator can be used where a change wants it, without bringing it anywhere."""
        return all(step.module in self.editable and self.scope.is_at_hand(access, step.node) for step in change.steps)

    def _would_be_at_hand(self, access: Access, change: Change) -> bool:
        """Whether a change is missed only because its file was not given, where other changes would bring the Accelerator."""
        if change.module in self.editable:
            return False
        brought = {_owner(node) for node in self._sites(self.outside)}
        return _owner(change.node) in brought or self.scope.is_at_hand(access, change.node)

    def _said_by_all(self, access: Access, missed: list[Change]) -> Iterator[Change]:
        """Say where a file prints in every process, because no Accelerator is at hand there: at the first of its prints."""
        found: dict[tuple[Module, bool], list[Change]] = {}
        for change in (x for x in missed if x.code == "MIG702"):
            found.setdefault((change.module, self._would_be_at_hand(access, change)), []).append(change)
        for (module, is_only_not_given), prints in found.items():
            nodes = [x.node for x in prints]
            if is_only_not_given:
                yield repeated(module, nodes, _not_given(module))
            else:
                help = "create the Accelerator before this line, or pass it to this function"
                yield repeated(module, nodes, "no Accelerator is in scope here", help)

    def _withhold(self, change: Change, reason: str, waits: bool = False) -> None:
        self.plan.withheld.append(Withheld(change, reason, waits))

    # ------------------------------------------------------------ needs and gifts

    def _check_files(self) -> None:
        for change in list(self.open):
            outside = [step.module for step in change.steps if step.module not in self.editable]
            if outside:
                self.open.remove(change)
                self.outside.append(change)
                self._withhold(change, _not_given(outside[0]))

    def _keep_shared(self) -> None:
        """Leave moves in helpers alone that code outside of the program calls, too: it does not prepare what it gets."""
        for change in [x for x in self.open if x.code in _REMOVALS]:
            helper = _outermost(change.node)
            user = self.users(change.module, helper.name) if helper is not None else None
            if helper is not None and user is not None:
                self.open.remove(change)
                shown = " ".join(change.module.text(change.node).split())[:60]
                self.plan.advice.append(
                    Change(
                        change.code, change.module, change.node, f"`{shown}` was not removed: {user} also uses `{helper.name}`",
                        level=Level.NOTE, reason="harmless here: that code does not prepare its models and batches, and needs the move",
                    )
                )  # fmt: skip

    def _blockers(self) -> list[Change]:
        return [x for x in self.plan.advice if x.blocks]

    def _settle(self) -> Access | None:
        """Withhold until every need is given and every site is reached."""
        while True:
            self._drop_unmet()
            if not self.open and not self._can_finish():
                return None
            try:
                return self._access(self.open)
            except Unreachable as problem:
                self._withhold_unreachable(problem)

    def _drop_unmet(self) -> None:
        while True:
            facts = {fact for change in self.open for fact in change.gives}
            if not self._blockers():
                facts.add("clear")
            if self.wants_code("MIG001") or self.scope.has_own:
                facts.add("accelerator")
            if self.training.is_prepared:
                facts.add("prepared")
            unmet = [change for change in self.open if change.needs - facts]
            if not unmet:
                return
            for change in unmet:
                self.open.remove(change)
                self._withhold(change, self._explain(change, change.needs - facts), waits=True)

    def wants_code(self, code: str) -> bool:
        return bool(self.wants(_Code(code)))

    def _explain(self, change: Change, missing: Iterable[str]) -> str:
        """Say in words why a need is not met, naming what is in the way."""
        blockers = self._blockers()
        if blockers:
            first = blockers[0]
            line = first.module.where(first.node)[0]
            return f"{first.code} in {first.module.source.path}:{line} blocks this program"
        for fact in sorted(missing):
            for other in self.plan.withheld:
                if fact in other.change.gives:
                    line = other.change.module.where(other.change.node)[0]
                    return f"it needs {other.change.code} in line {line}, which was not applied: {other.reason}"
        if "accelerator" in missing:
            return "it needs MIG001, which is not selected"
        return "it is only right together with `prepare` (MIG201), which was not applied"

    def _sites(self, changes: Iterable[Change]) -> list[Any]:
        return [step.node for change in changes for step in change.steps if _asks(step.operation)]

    def _placing(self, changes: Iterable[Change]) -> set[Any]:
        """The sites that want nothing of the Accelerator but its device."""
        steps = [step for change in changes for step in change.steps if _asks(step.operation)]
        return {x.node for x in steps if _places(x.operation)} - {x.node for x in steps if not _places(x.operation)}

    def _access(self, changes: list[Change]) -> Access:
        access = self.scope.solve(self._sites(changes), self.cpu.ways, self._placing(changes))
        if access.threads and not self.wants_code("MIG003"):
            scope = next(iter(access.threaded))
            raise Unreachable(scope, "the Accelerator must be passed as a parameter (MIG003), which is not selected")
        return access

    def _withhold_unreachable(self, problem: Unreachable) -> None:
        """Withhold the changes whose sites cannot be reached; the core first, and with it everything."""
        core = [x for x in self.open if "prepared" in x.gives]
        reasons: dict[Any, str] = {}
        try:
            if core:
                self._access(core)
        except Unreachable as first:
            for change in core:
                self.open.remove(change)
                self._withhold(change, first.text)
            return
        for change in list(self.open):
            if change in core:
                continue
            for node in self._sites([change]):
                scope = scope_of(node)
                if scope not in reasons:
                    reasons[scope] = self._reason_for(core, node)
                if reasons[scope]:
                    self.open.remove(change)
                    self._withhold(change, reasons[scope])
                    break
        if not any(reasons.values()):  # reachable one by one, not all at once
            for change in core or self.open[:1]:
                self.open.remove(change)
                self._withhold(change, problem.text)

    def _reason_for(self, core: list[Change], node: Any) -> str:
        try:
            placing = self._placing(self.open)
            access = self.scope.solve([*self._sites(core), node], self.cpu.ways, placing)
        except Unreachable as problem:
            return problem.text
        if access.threads and not self.wants_code("MIG003"):
            return "the Accelerator must be passed as a parameter (MIG003), which is not selected"
        return ""

    # ------------------------------------------------------------ carrying it out

    def _carry_out(self, access: Access) -> None:
        self.plan.accepted = list(self.open)
        self.scope.keep(access)
        operations: dict[Module, list[Operation]] = {}
        for change in self.open:
            for step in change.steps:
                operations.setdefault(step.module, []).append(self._resolve(step, access))
        for module, _, operation in access.threads:
            operations.setdefault(module, []).append(operation)
        self._create(access, operations)
        self._thread_changes(access)
        self._clean_up(operations)
        for module, found in operations.items():
            self.plan.edits[module] = compose(module, _joined_wraps(found))

    def _resolve(self, step: Step, access: Access) -> Operation:
        operation = step.operation.placed(step.module) if isinstance(step.operation, Prefix) else step.operation
        if not _asks(operation):
            return operation
        name = self.scope.expression(access, step.node)
        if isinstance(operation, Replace):
            return replace(operation, text=operation.text.replace(ACCELERATOR, name))
        if isinstance(operation, Insert):
            return replace(operation, lines=tuple(line.replace(ACCELERATOR, name) for line in operation.lines))
        assert isinstance(operation, Wrap)
        return replace(operation, header=operation.header.replace(ACCELERATOR, name))

    def _create(self, access: Access, operations: dict[Module, list[Operation]]) -> None:
        if access.exists:
            return
        argument = f"cpu={access.argument}" if access.argument else ""
        line = f"{access.name} = Accelerator({argument})"
        # where only a `prepare` follows, the two stand together below the statement before
        follows = any(
            isinstance(x, Insert) and not x.tight and (x.block, x.index) == (access.block, access.index)
            for x in operations.get(access.module, [])
        )
        user_device = self.cpu.user_device
        before = user_device.lines(Layout(access.module).default_unit()) if user_device is not None else ()
        below = access.block.statements[access.index]
        starts = isinstance(below, s.If) and asks_for_main(below.test)
        insert = Insert(access.block, access.index, (*before, line), tight=not (follows or starts), rank=-2)
        head = import_operation(access.module, self.target, access.block, access.index)
        operations.setdefault(access.module, []).extend([insert, head])
        if user_device is not None and before:
            self.plan.advice += about_index(user_device, access.module, below)
        message = f"Create the Accelerator: `{line}`"
        self.plan.accepted.append(
            Change(
                "MIG001",
                access.module,
                below,
                message,
                (Step(access.module, below, insert),),
                gives=frozenset({"accelerator"}),
            )
        )

    def _thread_changes(self, access: Access) -> None:
        for function, (module, message) in access.threaded.items():
            steps = tuple(Step(module, node, operation) for where, node, operation in access.threads if where is module)
            self.plan.accepted.append(Change("MIG003", module, function, message, steps[:1]))

    def _clean_up(self, operations: dict[Module, list[Operation]]) -> None:
        """Drop a device variable, or a flag that says whether there is a GPU, whose every reader has gone."""
        if not self.wants_code("MIG002"):
            return
        for module, found in operations.items():
            for statement, target in unread(self.training, module, found, self.users):
                span = module.span(statement.value)
                found[:] = [x for x in found if not (isinstance(x, Replace) and x.span.holds(span))]
                found.append(Drop(statement))
                message = f"Remove `{target.id}`, which is no longer used"
                self.plan.accepted.append(
                    Change("MIG002", module, statement, message, (Step(module, statement, found[-1]),))
                )


def _not_given(module: Module) -> str:
    return f"{module.source.path} is not among the given files (--follow adds it)"


def _owner(node: Any) -> Any:
    """The code that shares an Accelerator: the methods of a class, or a function."""
    scope = scope_of(node)
    return class_of(scope) or scope


def _outermost(node: Any) -> s.FunctionDef | s.ClassDef | None:
    """The function or class at the top of a module that a node is part of."""
    found = None
    while node is not None:
        if isinstance(node, (s.FunctionDef, s.ClassDef)):
            found = node
        node = node.parent
    return found


class _Code:
    """Stands for a change where only its code matters."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.module = None
        self.node = None


def _asks(operation: Operation | Prefix) -> bool:
    """Whether an operation's text reaches for the Accelerator."""
    if isinstance(operation, (Replace, Prefix)):
        return ACCELERATOR in operation.text
    if isinstance(operation, Insert):
        return any(ACCELERATOR in line for line in operation.lines)
    return isinstance(operation, Wrap) and ACCELERATOR in operation.header


def _places(operation: Operation | Prefix) -> bool:
    """Whether an operation's text reaches for the Accelerator's device alone."""
    if not isinstance(operation, Replace):
        return False
    return operation.text.count(ACCELERATOR) == operation.text.count(f"{ACCELERATOR}.device")


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
