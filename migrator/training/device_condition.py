"""The conditions under which a script uses an accelerator, and the device that its user picks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrator.inference.objects import Kind
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.device import Definition, DeviceCondition, asks_tensor, is_accelerated, is_indexed
from migrator.training.device_choice import DeviceChoice
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
        unclear = unproven(use)
        if unclear:
            return user_device_among(unclear[0].all_definitions(), use.code.modules) if len(unclear) == 1 else None
        conflict = len(spoken(use, conditions(use))) > 1
        picked = [x for x in use.definitions if any(is_accelerated(d) for d in x.devices)] if conflict else []
    variables = {(x.module, x.module.text(x.variable)) for x in picked}
    if len(variables) != 1:
        return None
    (module, text) = variables.pop()
    group = [x for x in use.definitions if x.module is module and module.text(x.variable) == text]
    others = [d for x in use.definitions if x not in group for d in x.devices if is_accelerated(d)]
    if any(is_indexed(d) for x in group for d in x.devices) and others:
        return None  # two GPUs side by side
    return user_device_among(group, use.code.modules)


def unproven(use: DeviceUse) -> list[DeviceChoice]:
    """The variables whose device no single condition is proven to decide, but for those that only go into another one."""
    found = [x for x in use.choices if not _is_out_of_reach(use, x) and _understood(use, x) is None]
    made_from = {part for x in found for item in x.definitions for device in item.devices for part in device.of}
    return [x for x in found if not made_from.issuperset(d for item in x.definitions for d in item.devices)]


def _is_out_of_reach(use: DeviceUse, choice: DeviceChoice) -> bool:
    """Whether a device is chosen in an object of an imported module, which is made after the Accelerator: only a finding is left."""
    variable = choice.definitions[0].variable
    return isinstance(variable, s.Attribute) and choice.module is not use.code.program.entry


def _understood(use: DeviceUse, choice: DeviceChoice) -> list[DeviceCondition] | None:
    """The conditions that each say when a variable is the accelerator; none: never. None where nothing is proven to."""
    if any(is_picked(x) for x in choice.definitions):
        return list(_conditions_of(use, choice))
    if choice.is_always(accelerated=False):
        return []
    always = DeviceCondition(choice.module, choice.definitions[0].value, None)
    if choice.is_set_on_every_path and choice.is_always(accelerated=True):
        return [always]
    proven = [x for x in _conditions_of(use, choice) if _is_repeatable(x) and choice.is_proven(x)]
    if proven:
        return proven
    if choice.is_always(accelerated=True):
        return [always]
    every = [x for other in use.choices for x in _conditions_of(use, other)]
    return [x for x in every if _is_repeatable(x) and choice.is_proven(x)] or None


def _is_repeatable(condition: DeviceCondition) -> bool:
    """Whether a condition may be written once more, further up: not where it binds a variable."""
    return condition.text is None or not any(isinstance(x, s.Walrus) for x in condition.node.walk())


def first_condition(use: DeviceUse, choice: DeviceChoice) -> DeviceCondition:
    """A condition that has a say about a variable; its first value where none is recognised."""
    first = choice.definitions[0]
    found = (x for x in _conditions_of(use, choice) if x.text is not None)
    return next(found, DeviceCondition(first.module, first.value, None))


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
    for choice in use.choices:
        yield from _understood(use, choice) or ()


def _conditions_of(use: DeviceUse, choice: DeviceChoice) -> Iterator[DeviceCondition]:
    """The conditions that the definitions of an accelerator name."""
    for item in choice.definitions:
        if any(is_accelerated(device) for device in item.devices):
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


def conditions_of_kept(use: DeviceUse) -> Iterator[DeviceCondition]:
    """The conditions under which a device that stays in the script is the accelerator and not the CPU."""
    for site in dict.fromkeys(x.site for x in use.kept if x.site is not None):
        whole = site
        while isinstance(whole.parent, (s.Expression, s.Argument)):
            whole = whole.parent
        for node in whole.walk():
            if not isinstance(node, s.Conditional) or asks_tensor(node.test):
                continue
            arms = [_is_accelerator(use, x) for x in (node.body, node.orelse)]
            if arms in ([True, False], [False, True]):
                condition = use.devices.condition_of(node.test, use.code.module_of(node))
                if condition.text is not None:
                    yield _turned(condition, not arms[0])


def _is_accelerator(use: DeviceUse, node: s.Expression) -> bool | None:
    """Whether an expression is an accelerator in any case; None where it is a device in none, or only in some."""
    found = {x.kind is Kind.DEVICE and is_accelerated(x) for x in use.code.value(node)}
    return found.pop() if len(found) == 1 else None


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
