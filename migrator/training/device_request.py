"""What the user wants the device to be, as an argument of the Accelerator: `--no-cuda` goes on working."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.inference.objects import Kind
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training import moves
from migrator.training.device import Definition, DeviceCondition, is_accelerated, is_indexed
from migrator.training.device_choice import DeviceChoice
from migrator.training.position import within
from migrator.training.user_device import (
    UserDevice,
    is_picked,
    options_in_place,
    user_device_among,
    user_device_in_place,
)

if TYPE_CHECKING:
    from migrator.training.training import Training


_OPPOSITE = {"==": "!=", "!=": "==", "in": "not in", "not in": "in", "is": "is not", "is not": "is"}


@dataclass(frozen=True, slots=True)
class CpuArgument:
    """What goes into ``Accelerator(cpu=...)``: ways to write it, each with the variables that it reads; none: nothing."""

    ways: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    silent: bool = False  # the script never names a device, and what it computes with would not all be moved
    conflict: tuple[DeviceCondition, ...] = ()
    user_device: UserDevice | None = None


def choose(training: Training) -> UserDevice | None:
    """Find the device that the script's user picks by name or index, or by several flags together; None where there is none."""
    picked = [x for x in training.definitions if is_picked(x) and training.devices.is_used(x.devices)]
    if not picked:
        reads = [x for x in options_in_place(training.value, training.modules) if training.is_involved(x[1])]
        if reads:
            return user_device_in_place(reads, training.modules)
        unclear = _unclear(training)
        if unclear:
            return user_device_among(unclear[0].all_definitions(), training.modules) if len(unclear) == 1 else None
        conflict = len(_spoken(training, [*_from_definitions(training), *_from_guards(training)])) > 1
        picked = [x for x in training.definitions if any(is_accelerated(d) for d in x.devices)] if conflict else []
    variables = {(x.module, x.module.text(x.variable)) for x in picked}
    if len(variables) != 1:
        return None
    (module, text) = variables.pop()
    group = [x for x in training.definitions if x.module is module and module.text(x.variable) == text]
    others = [d for x in training.definitions if x not in group for d in x.devices if is_accelerated(d)]
    if any(is_indexed(d) for x in group for d in x.devices) and others:
        return None  # two GPUs side by side
    return user_device_among(group, training.modules)


def _unclear(training: Training) -> list[DeviceChoice]:
    """The variables whose device no single condition is proven to decide, but for those that only go into another one."""
    found = [x for x in training.device_choices if _understood(training, x) is None]
    made_from = {part for x in found for item in x.definitions for device in item.devices for part in device.of}
    return [x for x in found if not made_from.issuperset(d for item in x.definitions for d in item.devices)]


def _understood(training: Training, choice: DeviceChoice) -> list[DeviceCondition] | None:
    """The conditions that each say when a variable is the accelerator; none: never. None where nothing is proven to."""
    if any(is_picked(x) for x in choice.definitions):
        return list(_conditions_of(training, choice))
    if choice.is_always(accelerated=False):
        return []
    always = DeviceCondition(choice.module, choice.definitions[0].value, None)
    if choice.is_set_on_every_path and choice.is_always(accelerated=True):
        return [always]
    proven = [x for x in _conditions_of(training, choice) if _is_repeatable(x) and choice.is_proven(x)]
    if proven:
        return proven
    if choice.is_always(accelerated=True):
        return [always]
    every = [x for other in training.device_choices for x in _conditions_of(training, other)]
    return [x for x in every if _is_repeatable(x) and choice.is_proven(x)] or None


def _is_repeatable(condition: DeviceCondition) -> bool:
    """Whether a condition may be written once more, further up: not where it binds a variable."""
    return condition.text is None or not any(isinstance(x, s.Walrus) for x in condition.node.walk())


def _spoken(training: Training, conditions: list[DeviceCondition]) -> dict[tuple[str, bool], list[DeviceCondition]]:
    """Sort what is conditioned by what the user typed."""
    spoken: dict[tuple[str, bool], list[DeviceCondition]] = {}
    for condition in conditions:
        if condition.text is not None:
            spoken.setdefault(_canonical(training, condition), []).append(condition)
    return spoken


def cpu_argument(training: Training) -> CpuArgument:
    """Work out whether and when the script stays on the CPU although there is a GPU."""
    user_device = training.user_device
    conditions = [*_from_definitions(training), *_from_guards(training), *_from_kept(training)]
    spoken = _spoken(training, conditions)
    if user_device is not None and (user_device.definitions or not spoken):
        return CpuArgument(((user_device.cpu, user_device.after),), user_device=user_device)
    unclear = _unclear(training)
    if unclear:
        return CpuArgument(conflict=tuple(_first_condition(training, x) for x in unclear))
    if len(spoken) > 1:
        return CpuArgument(conflict=tuple(found[0] for found in spoken.values()))
    if spoken:
        return CpuArgument(tuple(dict.fromkeys(_way(condition) for condition in next(iter(spoken.values())))))
    if conditions:
        return CpuArgument()
    if training.definitions:  # only ever the CPU
        return CpuArgument((("True", ()),))
    if training.kept_devices:
        return CpuArgument()
    return CpuArgument() if _everything_is_moved(training) else CpuArgument((("True", ()),), silent=True)


def _way(condition: DeviceCondition) -> tuple[str, tuple[s.Name, ...]]:
    assert condition.text is not None
    text = condition.text if condition.negated else _denied(condition)
    return text, tuple(x for x in condition.node.walk() if isinstance(x, s.Name) and re.search(rf"\b{x.id}\b", text))


def _denied(condition: DeviceCondition) -> str:
    """Say the opposite of a condition; of a comparison by the opposite operator."""
    for part in condition.node.walk():
        if (
            isinstance(part, s.Compare)
            and f"({condition.module.text(part)})" == condition.text
            and part.operators[0] in _OPPOSITE
        ):
            left, right = (condition.module.outer_text(x) for x in (part.left, *part.comparators[:1]))
            if len(part.operators) == 1:
                return f"{left} {_OPPOSITE[part.operators[0]]} {right}"
    return f"not {condition.text}"


# ---------------------------------------------------------------- where conditions are spoken


def _from_definitions(training: Training) -> Iterator[DeviceCondition]:
    for choice in training.device_choices:
        yield from _understood(training, choice) or ()


def _conditions_of(training: Training, choice: DeviceChoice) -> Iterator[DeviceCondition]:
    """The conditions that the definitions of an accelerator name."""
    for item in choice.definitions:
        if any(is_accelerated(device) for device in item.devices):
            yield from _conditions_in(training, item)
            yield from _conditions_around(training, item.module, item.statement, item)


def _first_condition(training: Training, choice: DeviceChoice) -> DeviceCondition:
    """A condition that has a say about a variable; its first value where none is recognised."""
    first = choice.definitions[0]
    found = (x for x in _conditions_of(training, choice) if x.text is not None)
    return next(found, DeviceCondition(first.module, first.value, None))


def _conditions_in(training: Training, item: Definition) -> Iterator[DeviceCondition]:
    """The conditions inside a definition's expression."""
    found = False
    for node in item.value.walk():
        if isinstance(node, s.Conditional):
            found = True
            accelerated = any(x.kind is Kind.DEVICE and is_accelerated(x) for x in training.value(node.body))
            condition = training.devices.condition_of(node.test, item.module)
            yield (
                condition
                if accelerated
                else DeviceCondition(condition.module, condition.node, condition.text, not condition.negated)
            )
    if not found:
        yield DeviceCondition(item.module, item.value, None)


def _from_guards(training: Training) -> Iterator[DeviceCondition]:
    for module in training.modules:
        for call in module.nodes(s.Call):
            if (
                not isinstance(call.func, s.Attribute)
                or call not in training.after.log.values
                or not training.is_involved(call)
            ):
                continue
            if call.func.name == "cuda" and moves.is_device_move(training, call):
                yield DeviceCondition(module, call, None)
                yield from _conditions_around(training, module, call)
        for node in module.nodes(s.Conditional):
            if any(x.kind is Kind.TYPE and ".cuda." in str(x.data) for x in training.value(node)):
                yield training.devices.condition_of(node.test, module)


def _from_kept(training: Training) -> Iterator[DeviceCondition]:
    """The conditions under which a device that stays in the script is the accelerator and not the CPU."""
    for site in dict.fromkeys(x.site for x in training.kept_devices if x.site is not None):
        whole = site
        while isinstance(whole.parent, (s.Expression, s.Argument)):
            whole = whole.parent
        for node in whole.walk():
            if not isinstance(node, s.Conditional):
                continue
            arms = [_is_accelerator(training, x) for x in (node.body, node.orelse)]
            if arms in ([True, False], [False, True]):
                condition = training.devices.condition_of(node.test, training.module_of(node))
                if condition.text is not None:
                    yield _turned(condition, not arms[0])


def _is_accelerator(training: Training, node: s.Expression) -> bool | None:
    """Whether an expression is an accelerator in any case; None where it is a device in none, or only in some."""
    found = {x.kind is Kind.DEVICE and is_accelerated(x) for x in training.value(node)}
    return found.pop() if len(found) == 1 else None


def _conditions_around(
    training: Training, module: Module, node: Any, definition: Definition | None = None
) -> Iterator[DeviceCondition]:
    """The device conditions that a node stands under: those that sound like it, or keep a definition's variable to the CPU."""
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        parent = node.parent
        if (
            isinstance(parent, s.Block)
            and isinstance(parent.owner, s.If)
            and (
                training.devices.is_flag(parent.owner.test)
                or (definition is not None and _keeps_to_cpu(training, definition, parent))
            )
        ):
            yield _turned(training.devices.condition_of(parent.owner.test, module), parent is not parent.owner.body)
        elif isinstance(parent, s.Conditional) and node is not parent.test and training.devices.is_flag(parent.test):
            yield _turned(training.devices.condition_of(parent.test, module), node is parent.orelse)
        node = parent


def _keeps_to_cpu(training: Training, definition: Definition, arm: s.Block) -> bool:
    """Whether the other arm of an `if` gives a definition's variable the CPU."""
    owner = arm.owner
    assert isinstance(owner, s.If)
    other = owner.orelse if arm is owner.body else owner.body
    name = definition.module.text(definition.variable)
    rivals = [
        x
        for x in training.definitions
        if other is not None and within(x.statement, other) and x.module.text(x.variable) == name
    ]
    return bool(rivals) and not any(is_accelerated(device) for x in rivals for device in x.devices)


def _turned(condition: DeviceCondition, otherwise: bool) -> DeviceCondition:
    return DeviceCondition(condition.module, condition.node, condition.text, condition.negated != otherwise)


def _canonical(training: Training, condition: DeviceCondition, depth: int = 4) -> tuple[str, bool]:
    """Reduce a condition to what the user typed: a flag variable stands for the condition that it was assigned."""
    text, negated = condition.text or "", condition.negated
    if depth:
        for part in condition.node.walk():
            if isinstance(part, (s.Name, s.Attribute)) and condition.module.text(part) == text:
                values = training.devices.defining_values(part)
                if len(values) == 1 and isinstance(values[0], (s.Boolean, s.Unary, s.Conditional, s.Name, s.Attribute)):
                    test = values[0].test if isinstance(values[0], s.Conditional) else values[0]
                    inner = training.devices.condition_of(test, training.module_of(test))
                    if inner.text is not None and inner.text != text:
                        return _canonical(
                            training,
                            DeviceCondition(inner.module, inner.node, inner.text, inner.negated != negated),
                            depth - 1,
                        )
                break
    return text.strip("()"), negated


# ---------------------------------------------------------------- scripts that never name a device


def _everything_is_moved(training: Training) -> bool:
    """Whether all that meets a prepared model is a batch of a prepared loader, so that `prepare` moves all of it."""
    if training.events("host"):
        return False  # `loss.data.numpy()`
    met = False
    for event in training.events("forward"):
        if event.item.kind not in (Kind.MODEL, Kind.CRITERION, Kind.OPAQUE, Kind.PART) or not isinstance(
            event.node, s.Call
        ):
            continue
        met = True
        for arg in event.node.args:
            values = training.value(arg.value)
            for item in values:
                if not _is_placed(training, item):
                    return False
    return met


def _is_placed(training: Training, item: Any) -> bool:
    if item.kind is Kind.BATCH:
        return bool(item.of[0].prepared)
    if item.kind is Kind.TENSOR:
        return all(_is_placed(training, root) for root in item.of)
    return item.kind in (Kind.MODEL, Kind.CRITERION, Kind.CONSTANT, Kind.OPAQUE) and not (
        item.kind is Kind.OPAQUE and not item.prepared and training.is_required(item)
    )
