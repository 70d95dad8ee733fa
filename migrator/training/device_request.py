"""What the user wants the device to be, as an argument of the Accelerator: `--no-cuda` goes on working."""

from __future__ import annotations

import re
from dataclasses import dataclass

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Forwarded, NeededOnHost
from migrator.source import syntax as s
from migrator.training.device import DeviceCondition
from migrator.training.device_condition import conditions, conditions_of_kept, first_condition, spoken, unproven
from migrator.training.training import Training
from migrator.training.user_device import UserDevice

_OPPOSITE = {"==": "!=", "!=": "==", "in": "not in", "not in": "in", "is": "is not", "is not": "is"}


@dataclass(frozen=True, slots=True)
class CpuArgument:
    """What goes into ``Accelerator(cpu=...)``: ways to write it, each with the variables that it reads; none: nothing."""

    ways: tuple[tuple[str, tuple[s.Node, ...]], ...] = ()
    silent: bool = False  # the script never names a device, and what it computes with would not all be moved
    conflict: tuple[DeviceCondition, ...] = ()
    user_device: UserDevice | None = None


def cpu_argument(training: Training) -> CpuArgument:
    """Work out whether and when the script stays on the CPU although there is a GPU."""
    user_device = training.user_device
    use = training.device_use
    found = [*conditions(use), *conditions_of_kept(use)]
    by_text = spoken(use, found)
    if user_device is not None and (user_device.definitions or not by_text):
        return CpuArgument(((user_device.cpu, user_device.after),), user_device=user_device)
    unclear = unproven(use)
    if unclear:
        return CpuArgument(conflict=tuple(first_condition(use, x) for x in unclear))
    if len(by_text) > 1:
        return CpuArgument(conflict=tuple(same[0] for same in by_text.values()))
    if by_text:
        return CpuArgument(tuple(dict.fromkeys(_way(condition) for condition in next(iter(by_text.values())))))
    if found:
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


# ---------------------------------------------------------------- scripts that never name a device


def _everything_is_moved(training: Training) -> bool:
    """Whether all that meets a prepared model is a batch of a prepared loader, so that `prepare` moves all of it."""
    if training.events(NeededOnHost):
        return False  # `loss.data.numpy()`
    met = False
    for event in training.events(Forwarded):
        if event.item.kind not in (Kind.MODEL, Kind.CRITERION, Kind.OPAQUE, Kind.PART):
            continue
        met = True
        for arg in event.node.args:
            values = training.value(arg.value)
            for item in values:
                if not _is_placed(training, item):
                    return False
    return met


def _is_placed(training: Training, item: Object) -> bool:
    if item.kind is Kind.BATCH:
        return bool(item.of[0].prepared)
    if item.kind is Kind.TENSOR:
        return all(_is_placed(training, root) for root in item.of)
    return item.kind in (Kind.MODEL, Kind.CRITERION, Kind.CONSTANT, Kind.OPAQUE) and not (
        item.kind is Kind.OPAQUE and not item.prepared and training.is_required(item)
    )
