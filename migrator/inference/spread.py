"""What ``*values`` and ``**values`` stand for among the arguments of a call, and what a literal there decides."""

from __future__ import annotations

from migrator.inference.arguments import Arguments
from migrator.inference.element import element
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object, Value


def settle(interpreter: Interpreter, item: Object) -> Object:
    """A literal that is handed over decides conditions on the other side."""
    if item.kind is Kind.CONSTANT:
        return interpreter.heap.make(Kind.CONSTANT, None, "settled", (), item.data, item.label)
    return item


def spread(interpreter: Interpreter, args: Arguments, value: Value) -> None:
    """Add what ``*value`` stands for."""
    for item in value:
        own = interpreter.variables.of(item) if item.kind is Kind.SEQUENCE else None
        if own is not None and "*" not in own and len(value) == 1:
            args.placed.extend(own[str(index)] for index in range(len(own)))
            return
    args.starred = True
    args.placed.append(element(interpreter, value))


def spread_names(interpreter: Interpreter, args: Arguments, value: Value) -> None:
    """Add what ``**value`` stands for."""
    for item in value:
        if item.kind is Kind.DICT:
            for name, held in interpreter.variables.of(item).items():
                if name == "*":
                    args.extra = True
                else:
                    args.named.setdefault(name, held)
            continue
        args.extra = True
