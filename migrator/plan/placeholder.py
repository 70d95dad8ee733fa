"""The placeholder for the Accelerator in the text of an edit: asked for, and replaced by what reaches it there."""

from __future__ import annotations

from dataclasses import replace

from migrator.rules.change import ACCELERATOR, Prefix, Step
from migrator.source.block import Insert, Operation, Replace, Wrap


def _texts(operation: Operation | Prefix) -> tuple[str, ...]:
    if isinstance(operation, (Replace, Prefix)):
        return (operation.text,)
    if isinstance(operation, Insert):
        return operation.lines
    return (operation.header,) if isinstance(operation, Wrap) else ()


def asks_for_accelerator(operation: Operation | Prefix) -> bool:
    """Whether an operation's text reaches for the Accelerator."""
    return any(ACCELERATOR in text for text in _texts(operation))


def asks_for_device(operation: Operation | Prefix) -> bool:
    """Whether an operation's text reaches for the Accelerator's device alone."""
    if not isinstance(operation, Replace):
        return False
    return operation.text.count(ACCELERATOR) == operation.text.count(f"{ACCELERATOR}.device")


def filled(step: Step, expression: str) -> Operation:
    """Give a step's operation with the expression that reaches the Accelerator in the placeholder's place."""
    operation = step.operation.placed(step.module) if isinstance(step.operation, Prefix) else step.operation
    if isinstance(operation, Replace):
        return replace(operation, text=operation.text.replace(ACCELERATOR, expression))
    if isinstance(operation, Insert):
        return replace(operation, lines=tuple(line.replace(ACCELERATOR, expression) for line in operation.lines))
    if isinstance(operation, Wrap):
        return replace(operation, header=operation.header.replace(ACCELERATOR, expression))
    return operation
