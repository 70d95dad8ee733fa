"""The conditions under which a script uses an accelerator, and the device that its user picks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrator.inference.objects import Kind
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.device import Definition, DeviceCondition, is_accelerated, is_indexed
from migrator.training.device_move import is_device_move
from migrator.training.device_use import DeviceUse
from migrator.training.position import within
from migrator.training.user_device import (
    UserDevice,
    is_picked,
    options_in_place,
    user_device_among,
    user_device_in_place,
)


def picked_device(use: DeviceUse) -> UserDevice | None:
    """Find the device that the script's user picks by name or index, or by several flags together; None where there is none."""
    picked = [x for x in use.definitions if is_picked(x) and use.devices.is_used(x.devices)]
    if not picked:
        reads = [x for x in options_in_place(use.code.value, use.code.modules) if use.code.is_involved(x[1])]
        if reads:
            return user_device_in_place(reads, use.code.modules)
        conflict = len(spoken(use, conditions(use))) > 1
        picked = [x for x in use.definitions if any(is_accelerated(d) for d in x.devices)] if conflict else []
    variables = {(x.module, x.module.text(x.variable)) for x in picked if isinstance(x.statement, s.Assign)}
    if len(variables) != 1:
        return None
    (module, text) = variables.pop()
    group = [
        x
        for x in use.definitions
        if x.module is module and isinstance(x.statement, s.Assign) and module.text(x.variable) == text
    ]
    others = [d for x in use.definitions if x not in group for d in x.devices if is_accelerated(d)]
    if any(is_indexed(d) for x in group for d in x.devices) and others:
        return None  # two GPUs side by side
    return user_device_among(group, use.code.modules)


def conditions(use: DeviceUse) -> list[DeviceCondition]:
    """Give the conditions that the device definitions and the moves of a training stand under."""
    return [*_from_definitions(use), *_from_guards(use)]


def spoken(use: DeviceUse, conditions: Iterable[DeviceCondition]) -> dict[tuple[str, bool], list[DeviceCondition]]:
    """Sort conditions by what the user typed."""
    found: dict[tuple[str, bool], list[DeviceCondition]] = {}
    for condition in conditions:
        if condition.text is not None:
            found.setdefault(_canonical(use, condition), []).append(condition)
    return found


def _from_definitions(use: DeviceUse) -> Iterator[DeviceCondition]:
    for item in use.definitions:
        if any(is_accelerated(device) for device in item.devices) and use.devices.is_used(item.devices):
            yield from _conditions_in(use, item)
            yield from _conditions_around(use, item.module, item.statement, item)


def _conditions_in(use: DeviceUse, item: Definition) -> Iterator[DeviceCondition]:
    """The conditions inside a definition's expression."""
    found = False
    for node in item.value.walk():
        if isinstance(node, s.Conditional):
            found = True
            accelerated = any(x.kind is Kind.DEVICE and is_accelerated(x) for x in use.code.value(node.body))
            condition = use.devices.condition_of(node.test, item.module)
            yield (
                condition
                if accelerated
                else DeviceCondition(condition.module, condition.node, condition.text, not condition.negated)
            )
    if not found:
        yield DeviceCondition(item.module, item.value, None)


def _from_guards(use: DeviceUse) -> Iterator[DeviceCondition]:
    for module in use.code.modules:
        for call in module.nodes(s.Call):
            if (
                not isinstance(call.func, s.Attribute)
                or call not in use.code.after.trace.values
                or not use.code.is_involved(call)
            ):
                continue
            if call.func.name == "cuda" and is_device_move(use.code, call):
                yield DeviceCondition(module, call, None)
                yield from _conditions_around(use, module, call)
        for node in module.nodes(s.Conditional):
            if any(x.kind is Kind.TYPE and ".cuda." in str(x.data) for x in use.code.value(node)):
                yield use.devices.condition_of(node.test, module)


def _conditions_around(
    use: DeviceUse, module: Module, node: s.Node | None, definition: Definition | None = None
) -> Iterator[DeviceCondition]:
    """The device conditions that a node stands under: those that sound like it, or keep a definition's variable to the CPU."""
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        parent = node.parent
        if (
            isinstance(parent, s.Block)
            and isinstance(parent.owner, s.If)
            and (
                use.devices.is_flag(parent.owner.test)
                or (definition is not None and _keeps_to_cpu(use, definition, parent))
            )
        ):
            yield _turned(use.devices.condition_of(parent.owner.test, module), parent is not parent.owner.body)
        elif isinstance(parent, s.Conditional) and node is not parent.test and use.devices.is_flag(parent.test):
            yield _turned(use.devices.condition_of(parent.test, module), node is parent.orelse)
        node = parent


def _keeps_to_cpu(use: DeviceUse, definition: Definition, arm: s.Block) -> bool:
    """Whether the other arm of an `if` gives a definition's variable the CPU."""
    owner = arm.owner
    assert isinstance(owner, s.If)
    other = owner.orelse if arm is owner.body else owner.body
    name = definition.module.text(definition.variable)
    rivals = [
        x
        for x in use.definitions
        if other is not None and within(x.statement, other) and x.module.text(x.variable) == name
    ]
    return bool(rivals) and not any(is_accelerated(device) for x in rivals for device in x.devices)


def _turned(condition: DeviceCondition, otherwise: bool) -> DeviceCondition:
    return DeviceCondition(condition.module, condition.node, condition.text, condition.negated != otherwise)


def _canonical(use: DeviceUse, condition: DeviceCondition, depth: int = 4) -> tuple[str, bool]:
    """Reduce a condition to what the user typed: a flag variable stands for the condition that it was assigned."""
    text, negated = condition.text or "", condition.negated
    if depth:
        for part in condition.node.walk():
            if isinstance(part, (s.Name, s.Attribute)) and condition.module.text(part) == text:
                values = use.devices.defining_values(part)
                if len(values) == 1 and isinstance(values[0], (s.Boolean, s.Unary, s.Conditional, s.Name, s.Attribute)):
                    test = values[0].test if isinstance(values[0], s.Conditional) else values[0]
                    inner = use.devices.condition_of(test, use.code.module_of(test))
                    if inner.text is not None and inner.text != text:
                        return _canonical(
                            use,
                            DeviceCondition(inner.module, inner.node, inner.text, inner.negated != negated),
                            depth - 1,
                        )
                break
    return text.strip("()"), negated
