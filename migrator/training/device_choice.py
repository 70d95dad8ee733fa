"""How a device variable gets its value: under which conditions it is the accelerator, and under which the CPU.

``Accelerator(cpu=...)`` may replace the script's own choice only where both are proven to agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrator.inference.objects import Kind, Object
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.device import (
    Assignment,
    Definition,
    DeviceCondition,
    Devices,
    is_accelerated,
    is_same_variable,
    value_of,
)
from migrator.training.device_formula import (
    MACHINE,
    Branch,
    ConditionReader,
    Formula,
    agree,
    conditions_in,
    has_gaps,
    root_of,
)
from migrator.training.position import within

_FOLLOWING = frozenset({"of tensor", "accelerator"})
_STOPS = frozenset({"exit", "quit", "sys.exit", "os._exit"})


class DeviceChoice:
    """How one variable of one scope gets its device."""

    def __init__(self, devices: Devices, definitions: list[Definition]) -> None:
        self.devices = devices
        self.definitions = definitions
        first = definitions[0]
        self.module: Module = first.module
        self.tests = ConditionReader(devices)
        self.chosen = self._reaching(first.variable, None, frozenset())

    def is_proven(self, condition: DeviceCondition) -> bool:
        """Whether a condition under which the accelerator would be used says what the definitions do."""
        return agree(self.chosen, self.tests.used_under(condition))

    @property
    def is_set_on_every_path(self) -> bool:
        """Whether the variable has a value wherever its scope ends."""
        return not has_gaps(self.chosen)

    def is_always(self, accelerated: bool) -> bool:
        """Whether it is the accelerator, where there is one, on every path; or never."""
        return agree(self.chosen, accelerated)

    def all_definitions(self) -> list[Definition]:
        """Give the definitions, and what else is assigned to the variable in the same scope."""
        known = {x.statement: x for x in self.definitions}
        found = []
        for statement in self._assignments(self.definitions[0].variable):
            if statement in known:
                found.append(known[statement])
            elif not self.follows(value_of(statement)):
                variable = _target(statement, self.definitions[0].variable) or self.definitions[0].variable
                found.append(Definition(self.module, statement, value_of(statement), (), variable))
        return found

    # ------------------------------------------------------------ statements

    def _assignments(self, variable: s.Expression) -> list[Assignment]:
        """The statements that assign a variable, in source order; none where several scopes do."""
        root = root_of(variable)
        found = [
            x
            for x in root.walk()
            if isinstance(x, (s.Assign, s.Annotate)) and x.value is not None and _target(x, variable) is not None
        ]
        inside = [x for x in found if _home(x) is _home(variable)]
        return inside or (found if len({_home(x) for x in found}) == 1 else [])

    def _reaching(self, variable: s.Expression, until: s.Statement | None, seen: frozenset[s.Node]) -> Formula:
        """What a variable holds at the end of its scope, or right before a statement there."""
        writes = self._assignments(variable)
        if not writes:
            return None
        home = _home(writes[0])
        targets = {x: target for x in writes if (target := _target(x, variable)) is not None}
        run = _Run(self, targets, until if home is _home(variable) else None, seen)
        run.block(home, None)
        return run.result()

    def follows(self, value: s.Expression) -> bool:
        """Whether an expression asks a tensor or the Accelerator where it is."""
        found = self.devices.values(value)
        return bool(found) and all(x.kind is Kind.DEVICE and x.data in _FOLLOWING for x in found)

    # ------------------------------------------------------------ values

    def value(self, node: s.Expression, seen: frozenset[s.Node]) -> Formula:
        """Whether an expression is the accelerator; what is not understood is a condition of its own."""
        found = self.devices.values(node)
        held = [
            x for x in found if x.kind is Kind.DEVICE and x.data not in _FOLLOWING and x.data not in ("option", "?")
        ]
        if held and len(held) == len(found):
            accelerated = {is_accelerated(x) for x in held}
            if len(accelerated) == 1 and not self._asks(node):
                return accelerated.pop()
        if isinstance(node, s.Conditional):
            test = self.tests.formula(node.test)
            return Branch(test, self.value(node.body, seen), self.value(node.orelse, seen))
        if isinstance(node, s.Boolean) and node.operator == "or" and isinstance(node.left, s.Boolean):
            test = self.tests.formula(node.left.left)
            return Branch(test, self.value(node.left.right, seen), self.value(node.right, seen))
        if isinstance(node, s.Literal) and node.value is None:
            return None
        if isinstance(node, s.Call) and len(node.args) == 1 and self._is_torch_device(node):
            return self.value(node.args[0].value, seen)
        if isinstance(node, s.Text) and len(node.parts) == 1 and not node.head:
            return self.value(node.parts[0], seen)
        if isinstance(node, (s.Name, s.Attribute)) and node not in seen and self._assignments(node):
            return self._reaching(node, node.statement, seen | {node})
        if isinstance(node, s.Call) and node not in seen:
            picked = self._picked_by(node, seen | {node})
            if conditions_in(picked) <= MACHINE:
                return picked
        return f"{id(node)} is accelerated"

    def _picked_by(self, call: s.Call, seen: frozenset[s.Node]) -> Formula:
        """What a function of the program returns; the conditions are in its own words."""
        callees = [x for x in self.devices.values(call.func) if x.kind in (Kind.FUNCTION, Kind.METHOD)]
        bodies = [x.data[0].body for x in callees if isinstance(x.data[0], s.FunctionDef)]
        if len(bodies) != 1 or len(self.devices.values(call.func)) != 1:
            return f"{id(call)} is accelerated"
        return self._returned(bodies[0].statements, seen)

    def _returned(self, statements: list[s.Statement], seen: frozenset[s.Node]) -> Formula:
        for index, statement in enumerate(statements):
            if isinstance(statement, s.Return):
                return self.value(statement.value, seen) if statement.value is not None else None
            if isinstance(statement, s.Raise):
                return None
            if not any(isinstance(x, s.Return) for x in statement.walk()) or isinstance(statement, s.FunctionDef):
                continue
            if not isinstance(statement, s.If):
                return f"{id(statement)} returns"
            rest = statements[index + 1 :]
            arms = (statement.body.statements, statement.orelse.statements if statement.orelse is not None else [])
            return _joined(self.tests.formula(statement.test), *(self._returned([*arm, *rest], seen) for arm in arms))
        return None

    def _asks(self, node: s.Expression) -> bool:
        """Whether an expression has arms, of which each may be taken on another machine."""
        return any(isinstance(x, s.Conditional) for x in node.walk())

    def _is_torch_device(self, call: s.Call) -> bool:
        return any(x.kind is Kind.LIBRARY and x.data == "torch.device" for x in self.devices.values(call.func))


class _Run:
    """Follows the paths through a scope, and keeps what a variable holds at a statement, or at the end."""

    def __init__(
        self,
        choice: DeviceChoice,
        writes: Mapping[Assignment, s.Expression],
        until: s.Statement | None,
        seen: frozenset[s.Node],
    ) -> None:
        self.choice = choice
        self.writes = writes
        self.until = until
        self.seen = seen
        self.blocks = {block for x in writes for block in _around(x)}
        self.at_end: Formula = None
        self.returned: list[Formula] = []
        self.is_over = False

    def result(self) -> Formula:
        """What the variable holds where the paths end."""
        ends = [*self.returned, self.at_end] if self.until is None else [self.at_end]
        held = [x for x in ends if x is not None]
        if any(x != held[0] for x in held):
            return f"{id(self)} ends elsewhere"
        return held[0] if held else None

    def block(self, block: s.Block | None, held: Formula) -> Formula:
        """Give what the variable holds after a block; None where the program does not get there."""
        for statement in block.statements if block is not None else ():
            if self.is_over:
                return held
            if statement is self.until:
                self.is_over = True
                self.at_end = held
                return held
            held = self._statement(statement, held)
            self.at_end = held
            if self._leaves(statement):
                self.at_end = None
                return None
        return held

    def _statement(self, statement: s.Statement, held: Formula) -> Formula:
        if isinstance(statement, (s.Assign, s.Annotate)) and statement in self.writes:
            target = self.writes[statement]
            if self.choice.follows(target):
                return held
            whole = statement.value if not isinstance(target.parent, s.Collection) else None
            return self.choice.value(whole or target, self.seen | {target})
        if isinstance(statement, (s.FunctionDef, s.ClassDef)):
            return held
        if self.until is not None and within(self.until, statement) and isinstance(statement, s.Compound):
            return self._way_to(statement, held)
        if not self.blocks.isdisjoint(statement.blocks()):
            return self._compound(statement, held)
        if any(isinstance(x, s.Return) and _home(x) is _home(statement) for x in statement.walk()):
            self.returned.append(held)
        return held

    def _way_to(self, statement: s.Compound, held: Formula) -> Formula:
        """Follow the one arm that leads to the statement that is asked for."""
        arm = next((x for x in statement.blocks() if within(self.until, x)), None)
        self.is_over = arm is None
        return self.block(arm, held)

    def _compound(self, statement: s.Statement, held: Formula) -> Formula:
        match statement:
            case s.If():
                test = self.choice.tests.formula(statement.test)
                return _joined(test, self.block(statement.body, held), self.block(statement.orelse, held))
            case s.With():
                return self.block(statement.body, held)
            case _:
                for number, block in enumerate(statement.blocks()):
                    held = _joined(f"{id(statement)} takes {number}", self.block(block, held), held)
                return held

    def _leaves(self, statement: s.Statement) -> bool:
        """Whether nothing comes after a statement on its path."""
        if isinstance(statement, (s.Raise, s.Return)):
            return True
        if not isinstance(statement, s.Evaluate) or not isinstance(statement.value, s.Call):
            return False
        return any(x.data in _STOPS for x in self.choice.devices.values(statement.value.func) if _is_library(x))


def _target(statement: Assignment, variable: s.Expression) -> s.Expression | None:
    """The target of an assignment, or the part of one, that is a variable; None where none is."""
    targets = statement.targets if isinstance(statement, s.Assign) else [statement.target]
    parts = [x for target in targets for x in (target.items if isinstance(target, s.Collection) else [target])]
    return next((x for x in parts if is_same_variable(x, variable)), None)


def _is_library(item: Object) -> bool:
    return item.kind is Kind.LIBRARY


def _joined(test: Formula, then: Formula, otherwise: Formula) -> Formula:
    if isinstance(test, bool):
        return then if test else otherwise
    return then if then == otherwise else Branch(test, then, otherwise)


def _home(node: s.Node) -> s.Block:
    """The block of the function, class or module that a node stands in."""
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, s.Root) or (isinstance(parent, (s.FunctionDef, s.ClassDef)) and child is parent.body):
            return parent.body
        child, parent = parent, parent.parent
    raise LookupError("this node is part of no module")


def _around(statement: s.Statement) -> Iterator[s.Block]:
    """The blocks that a statement lies in, up to its function or module."""
    node = statement.parent
    while node is not None and not isinstance(node, (s.FunctionDef, s.ClassDef, s.Root)):
        if isinstance(node, s.Block):
            yield node
        node = node.parent
