"""Which device a script asks for: its definitions, its flags, and what they become for an Accelerator."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from migrator.inference import knowledge
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object, Value
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.position import within

_ACCELERATED = re.compile(r"(cuda|mps|xpu|npu|hpu|gpu|accelerator)")
_INDEXED = re.compile(r"(cuda|xpu|npu|mps):([1-9]\d*|\{\}|%d)?$")
DEVICE_WORD = re.compile(r"device|gpu|cuda|rank|^dev$", re.IGNORECASE)
_SETTINGS = re.compile(r"args?|opts?|options?|cfg|conf(ig)?|hparams?|params|flags|settings|hp|parser", re.IGNORECASE)
_FLAG_NAME = re.compile(r"cuda|gpu|accel|device", re.IGNORECASE)

Assignment: TypeAlias = s.Assign | s.Annotate


@dataclass(frozen=True, slots=True)
class Definition:
    """A statement that says which device to use."""

    module: Module
    statement: Assignment
    value: s.Expression
    devices: tuple[Object, ...]
    variable: s.Expression  # the target that holds it: a part of one where a function returns more than a device
    is_handed: bool = False  # a function of the program's own picks it, by more than what there is

    @property
    def is_text(self) -> bool:
        """Whether it is a string and not a ``torch.device``."""
        return all(x.kind is Kind.DEVICE and isinstance(x.site, s.Literal) for x in self.devices)


@dataclass(frozen=True, slots=True)
class DeviceCondition:
    """A condition under which a script uses the accelerator: ``text`` is the user's part of it, if any."""

    module: Module
    node: s.Expression
    text: str | None  # None: whenever there is one
    negated: bool = False  # `text` says when *not* to use it


class Devices:
    """What a program says about devices."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.handed_on: set[Object] = set()  # what variables are made from that the Accelerator has taken over already
        self.definitions = [x for module in interpreter.modules for x in self._definitions(module)]
        self.moves = [call for module in interpreter.modules for call in module.nodes(s.Call) if is_move(call)]

    def values(self, node: s.Node) -> Value:
        """What an expression may be."""
        return self.interpreter.trace.values.get(node, frozenset())

    def _definitions(self, module: Module) -> list[Definition]:
        found = []
        for statement in assignments(module):
            variable = device_variable(statement)
            whole = not isinstance(variable.parent, s.Collection)
            devices = (self._devices_in(value_of(statement)) if whole else []) or self._devices_for(
                module, statement, variable
            )
            handed = isinstance(statement.value, s.Call) and any(self._is_picked_in(x, statement) for x in devices)
            handed = handed or (not whole and isinstance(statement.value, s.Conditional))
            if not devices or not (whole or handed):
                continue
            if self._is_taken_over(module, statement, variable):
                self.handed_on.update(part for x in devices for part in x.of)
            else:
                found.append(Definition(module, statement, value_of(statement), tuple(devices), variable, handed))
        if any(isinstance(x.statement, s.Annotate) for x in found):
            found.sort(key=lambda x: module.span(x.statement).start)
        return found

    def _is_picked_in(self, device: Object, statement: Assignment) -> bool:
        """Whether a device comes out of a function that asks for more than whether there is an accelerator."""
        if device.kind is not Kind.DEVICE or device.site is None or within(device.site, value_of(statement)):
            return False
        tests = [x.test for x in device.site.walk() if isinstance(x, s.Conditional)]
        node = device.site
        while not isinstance(node.parent, (s.FunctionDef, s.Root)):
            node, inner = node.parent, node
            if isinstance(node, (s.If, s.Conditional)) and inner is not node.test:
                tests.append(node.test)
        return not all(self.is_availability(part) for test in tests for part in conjuncts(test))

    def _is_taken_over(self, module: Module, statement: Assignment, target: s.Node) -> bool:
        """Whether the variable gets the Accelerator's device further down, so that this one only says what is conditioned for."""
        if isinstance(statement, s.Assign) and len(statement.targets) != 1:
            return False
        for other in module.nodes(s.Assign):
            later = module.span(other).start > module.span(statement).start
            if later and is_same_variable(other.targets[0], target):
                if other.scope is statement.scope and self.is_accelerators(other.value):
                    return True
        return False

    def is_accelerators(self, value: s.Node) -> bool:
        """Whether an expression is ``accelerator.device``, or the name of its type."""
        if isinstance(value, s.Attribute) and value.name == "type":
            value = value.value
        return isinstance(value, s.Attribute) and {x.data for x in self.values(value)} == {"accelerator"}

    def _devices_in(self, value: s.Node) -> list[Object]:
        """The devices that an expression makes; empty where it is about something else."""
        if not isinstance(value, (s.Call, s.Literal, s.Conditional, s.Boolean, s.Subscript)):
            return []
        made = self.values(value)
        devices = [x for x in made if x.kind is Kind.DEVICE and x.data not in ("of tensor", "accelerator")]
        others = [x for x in made if x.kind is not Kind.DEVICE and x.kind is not Kind.CONSTANT]
        if not devices or others or not all(within(x.site, value) for x in devices):
            return []
        if isinstance(value, s.Literal) and not self.is_used(devices):
            return []
        return sorted(devices, key=lambda x: x.label)

    def _devices_for(self, module: Module, statement: Assignment, target: s.Expression) -> list[Object]:
        """The devices of a variable that takes them from elsewhere: from an option, or from a function that picks one."""
        name = target.id if isinstance(target, s.Name) else target.name if isinstance(target, s.Attribute) else ""
        made = self.values(target if isinstance(target.parent, s.Collection) else value_of(statement))
        if not DEVICE_WORD.search(name) or any(x.data in ("of tensor", "accelerator") for x in made):
            return []
        devices = [x for x in made if x.kind is not Kind.CONSTANT]
        others = [x for x in devices if x.kind is not Kind.DEVICE]
        named = isinstance(statement.value, s.Attribute) and (
            is_called_settings(statement.value.value) or self._is_made_elsewhere(module, statement, target)
        )
        picked = all(is_setting(x) or (named and x.kind is Kind.OPAQUE) for x in others)
        if not (picked if others else isinstance(statement.value, (s.Call, s.Subscript, s.Conditional))):
            return []
        return sorted(devices, key=lambda x: x.label) if self.is_used(devices) else []

    def _is_made_elsewhere(self, module: Module, statement: s.Node, target: s.Node) -> bool:
        """Whether another statement gives the same variable a device, so that what it takes from elsewhere is one, too."""
        return any(
            other is not statement
            and other.scope is statement.scope
            and is_same_variable(variable_of(other), target)
            and self._devices_in(value_of(other))
            for other in assignments(module)
        )

    def follows_tensor(self, item: Definition) -> bool:
        """Whether a definition asks a tensor where it is: ``"cuda" if x.is_cuda else "cpu"``."""
        tests = [node.test for node in item.value.walk() if isinstance(node, s.Conditional)]
        return bool(tests) and all(map(asks_tensor, tests))

    def is_used(self, devices: Iterable[Object]) -> bool:
        """Whether devices reach a move or another place where a tensor is put."""
        return bool(self._placed & set(devices))

    @cached_property
    def _placed(self) -> set[Object]:
        """All devices that something is put on, with the names that they are made from."""
        todo = [item for _, _, node in placements(self.interpreter.modules) for item in self.values(node)]
        found: set[Object] = set()
        while todo:
            item = todo.pop()
            if item not in found:
                found.add(item)
                todo += item.of if item.kind is Kind.DEVICE else ()
        return found

    # ------------------------------------------------------------ conditions

    def condition_of(self, test: s.Expression, module: Module) -> DeviceCondition:
        """Split a condition into availability, which the Accelerator looks up itself, and what the user wants."""
        parts = [part for part in conjuncts(test) if not self.is_availability(_without_not(part))]
        if not parts:
            return DeviceCondition(module, test, None)
        if len(parts) == 1:
            return replace(self._condition_of_one(parts[0], module), node=test)
        if len(parts) == len(conjuncts(test)):
            return DeviceCondition(module, test, f"({module.text(test)})")
        return DeviceCondition(module, test, "(" + " and ".join(module.outer_text(part) for part in parts) + ")")

    def _condition_of_one(self, part: s.Expression, module: Module) -> DeviceCondition:
        if isinstance(part, s.Unary) and part.operator == "not":
            inner = self.condition_of(part.operand, module) if isinstance(part.operand, s.Boolean) else None
            if inner is not None and inner.text is not None:
                return replace(inner, negated=not inner.negated)
            return DeviceCondition(module, part, module.outer_text(part.operand), negated=True)
        every = disjuncts(part)
        wanted = [x for x in every if not (_without_not(x) is not x and self.is_availability(_without_not(x)))]
        if len(wanted) == 1 != len(every):
            return self.condition_of(wanted[0], module)
        if wanted and len(wanted) < len(every):
            return DeviceCondition(module, part, "(" + " or ".join(map(module.outer_text, wanted)) + ")")
        return DeviceCondition(module, part, _operand(module, part))

    def is_availability(self, node: s.Node, on_the_way: frozenset[s.Node] = frozenset()) -> bool:
        """Whether an expression only asks whether there is an accelerator; a flag that is made from itself asks more."""
        if node in on_the_way:
            return False
        on_the_way |= {node}
        values = self.values(node)
        if values and all(x.kind is Kind.FLAG and x.data is not None for x in values):
            return True  # handed over as an argument
        if isinstance(node, s.Call):
            names = {str(x.data) for x in self.values(node.func) if x.kind is Kind.LIBRARY}
            if names == {"hasattr"}:  # hasattr(torch.backends, "mps")
                return any(
                    x.kind is Kind.LIBRARY and str(x.data).startswith("torch") for x in self.values(node.args[0].value)
                )
            return any(knowledge.AVAILABLE.match(name) for name in names)
        if isinstance(node, s.Compare) and len(node.comparators) == 1:
            return self.is_availability(node.left, on_the_way)  # torch.cuda.device_count() > 0
        if isinstance(node, s.Conditional):  # True if torch.cuda.is_available() else False
            return self.is_availability(node.test, on_the_way)
        if isinstance(node, (s.Name, s.Attribute)):
            assigned = self.defining_values(node)
            return bool(assigned) and all(self.is_availability(value, on_the_way) for value in assigned)
        return isinstance(node, s.Boolean) and all(self.is_availability(x, on_the_way) for x in (node.left, node.right))

    def defining_values(self, node: s.Expression) -> list[s.Expression]:
        """The expressions that a variable is assigned from in its module, or an attribute of one object anywhere."""
        home = next(m for m in self.interpreter.modules if m.root.namespace is _module_scope(node))
        modules = self.interpreter.modules if isinstance(node, s.Attribute) else (home,)
        return [
            value_of(statement)
            for module in modules
            for statement in assignments(module)
            for target in (statement.targets if isinstance(statement, s.Assign) else [statement.target])
            if (module is home and is_same_variable(target, node)) or self._same_attribute(target, node)
        ]

    def _same_attribute(self, target: s.Node, node: s.Node) -> bool:
        """Whether two attributes have one name and one owner, whatever variables hold that."""
        if not isinstance(target, s.Attribute) or not isinstance(node, s.Attribute) or target.name != node.name:
            return False
        owners = {x for x in self.values(target.value) if x.kind in (Kind.OPTION, Kind.INSTANCE)}
        return bool(owners) and owners == self.values(node.value)

    def is_flag(self, node: s.Expression) -> bool:
        """Whether a condition is about devices: by what it is made of, else by a name that the guarded moves bear out."""
        if any(x.kind is Kind.FLAG for x in self.values(node)):
            return True
        for part in conjuncts(node):
            inner = part.operand if isinstance(part, s.Unary) else part
            if isinstance(inner, s.Attribute) and inner.name == "is_cuda":
                return False  # asks a tensor, not the machine
            name = inner.name if isinstance(inner, s.Attribute) else inner.id if isinstance(inner, s.Name) else ""
            if not (name and _FLAG_NAME.search(name)) and not self.is_availability(inner):
                return False
        return True


def variable_of(statement: Assignment) -> s.Expression:
    """The first target of an assignment."""
    return statement.target if isinstance(statement, s.Annotate) else statement.targets[0]


def value_of(statement: Assignment) -> s.Expression:
    """The value of an assignment that has one."""
    assert statement.value is not None
    return statement.value


def assignments(module: Module) -> Iterator[Assignment]:
    """Give the assignments of a module that have a value, annotated ones last."""
    yield from module.nodes(s.Assign)
    yield from (x for x in module.nodes(s.Annotate) if x.value is not None)


def device_variable(statement: Assignment) -> s.Expression:
    """The target of a definition; of several that are unpacked, the one that is called after a device."""
    target = variable_of(statement)
    for part in target.items if isinstance(target, s.Collection) else ():
        if isinstance(part, s.Name) and part.id.lower() in ("device", "dev"):
            return part
    return target


def asks_tensor(test: s.Expression) -> bool:
    """Whether a condition asks a tensor where it is: what follows a tensor is no choice of the user's."""
    return any(isinstance(x, s.Attribute) and x.name in ("is_cuda", "device") for x in test.walk())


def conjuncts(node: s.Expression) -> list[s.Expression]:
    """Give the parts of an `and`."""
    if isinstance(node, s.Boolean) and node.operator == "and":
        return [*conjuncts(node.left), *conjuncts(node.right)]
    return [node]


def disjuncts(node: s.Expression) -> list[s.Expression]:
    """Give the parts of an `or`."""
    if isinstance(node, s.Boolean) and node.operator == "or":
        return [*disjuncts(node.left), *disjuncts(node.right)]
    return [node]


def _operand(module: Module, node: s.Node) -> str:
    text = module.outer_text(node)
    simple = isinstance(node, (s.Name, s.Attribute, s.Call, s.Subscript)) or text.startswith("(")
    return text if simple else f"({text})"


def _module_scope(node: s.Node) -> s.Scope:
    return node.scope.module


def _without_not(node: s.Node) -> s.Node:
    return node.operand if isinstance(node, s.Unary) and node.operator == "not" else node


def is_same_variable(target: s.Node, node: s.Node) -> bool:
    """Whether two expressions name one variable, or one attribute of it."""
    if isinstance(target, s.Name) and isinstance(node, s.Name):
        return target.id == node.id and target.scope.resolve(target.id) is node.scope.resolve(node.id)
    if isinstance(target, s.Attribute) and isinstance(node, s.Attribute):
        return target.name == node.name and is_same_variable(target.value, node.value)
    return False


def is_setting(item: Object) -> bool:
    """Whether an object is what a user chose: an option, an entry of a configuration, what unseen code picked as a device."""
    if item.kind is Kind.OPTION:
        return True
    if item.kind is not Kind.OPAQUE:
        return False
    if isinstance(item.site, s.Call) and item.data is None:
        return DEVICE_WORD.search(item.label.rpartition(".")[2]) is not None
    owner = item.of[0] if item.of else None
    return owner is not None and is_settings(owner)


def is_settings(item: Object) -> bool:
    """Whether an object holds a user's choices: parsed arguments, a configuration."""
    if item.kind is Kind.OPTION:
        return True
    return item.kind is Kind.OPAQUE and _SETTINGS.fullmatch(item.label.rpartition(".")[2]) is not None


def is_called_settings(node: s.Node) -> bool:
    """Whether an expression is called after a user's choices: ``config``, ``self.args``."""
    name = node.id if isinstance(node, s.Name) else node.name if isinstance(node, s.Attribute) else ""
    return _SETTINGS.fullmatch(name) is not None


def torch_name(module: Module) -> str | None:
    """Give the name under which a module imports torch; None where it does not."""
    for node in module.nodes(s.Import):
        for dotted, alias in node.names:
            if dotted == "torch" or (alias is None and dotted.startswith("torch.")):
                return alias or "torch"
    return None


def is_move(call: s.Call) -> bool:
    """Whether a call has the form of a move: ``x.to(...)`` or ``x.cuda(...)``."""
    return isinstance(call.func, s.Attribute) and call.func.name in ("to", "cuda")


def device_arguments(call: s.Call) -> list[s.Expression]:
    """Give the arguments of a call that say on which device something is put."""
    found = [arg.value for arg in call.args if arg.keyword in ("device", "map_location")]
    if is_move(call) and call.args and not call.args[0].star and call.args[0].keyword is None:
        found.append(call.args[0].value)
    return found


def placements(modules: Iterable[Module]) -> Iterator[tuple[Module, s.Call, s.Expression]]:
    """Give every call that puts something on a device, with the argument that says on which."""
    for module in modules:
        for call in module.nodes(s.Call):
            for node in device_arguments(call):
                yield module, call, node


def is_accelerated(device: Object) -> bool:
    """Whether a device is anything but the CPU."""
    return bool(_ACCELERATED.search(str(device.data)))


def is_number(device: Object) -> bool:
    """Whether a device is a plain number, as ``torch.cuda.current_device()`` gives it."""
    return device.label == "torch.cuda.current_device"


def is_indexed(device: Object) -> bool:
    """Whether a device names another one than the first."""
    return bool(_INDEXED.match(str(device.data)))
