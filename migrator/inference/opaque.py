"""What comes of code that cannot be seen: models that compute, and functions of unknown packages."""

from __future__ import annotations

from migrator.inference.arguments import Arguments
from migrator.inference.element import deep, join_all, roots
from migrator.inference.function import call_function, escape
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import UNKNOWN, Kind, Object, Value
from migrator.inference.place import record_meeting
from migrator.inference.trace import Escaped, Forwarded
from migrator.source import syntax as s

_SOURCES = frozenset({Kind.MODEL, Kind.PARAMETERS, Kind.OPTIMIZER, Kind.DATASET, Kind.OPAQUE, Kind.PART})
_FUNCTIONS = (Kind.FUNCTION, Kind.METHOD)


def forward(interpreter: Interpreter, item: Object, node: s.Call, args: Arguments) -> Value:
    """Run a model, a part of one or a criterion: the result comes from it and from what it is given."""
    given = frozenset().union(*(roots(deep(interpreter, value)) for value in args.all()))
    interpreter.record(Forwarded, node, item, given)
    if item.kind is Kind.CRITERION:
        record_meeting(interpreter, node, args.all())
    for value in args.all():
        for inner in value:
            if inner.kind is Kind.MODEL:
                interpreter.record(Escaped, node, inner, item)
    return interpreter.heap.tensor(given | {item})


def call_partial(interpreter: Interpreter, item: Object, node: s.Call, args: Arguments) -> Value:
    """Call what a `functools.partial` stands for."""
    callee, bound = item.data
    merged = Arguments(bound.node)
    merged.placed = [*bound.placed, *args.placed]
    merged.named = {**bound.named, **args.named}
    merged.starred, merged.extra = args.starred, args.extra
    return join_all(interpreter.invoke(part, node, merged) for part in callee) or UNKNOWN


def call_opaque(interpreter: Interpreter, item: Object, node: s.Call, args: Arguments) -> Value:
    """Call something unknown; it may be a model."""
    given = frozenset().union(*(roots(deep(interpreter, value)) for value in args.all()))
    interpreter.record(Forwarded, node, item, given)
    return opaque_result(interpreter, item, node, args)


def opaque_result(interpreter: Interpreter, item: Object, node: s.Call, args: Arguments) -> Value:
    """Whatever unseen code returns: a tensor where it was given one, else a thing made here."""
    given = frozenset().union(*(roots(deep(interpreter, value)) for value in args.all()))
    escape(interpreter, node, args, item)
    run_callbacks(interpreter, args)
    if any(x.kind in (Kind.BATCH, Kind.FRESH) or (x.kind is Kind.MODEL and x not in _direct(args)) for x in given):
        return interpreter.heap.tensor(given | ({item} if item.kind is not Kind.LIBRARY else frozenset()))
    sources = tuple(sorted((x for x in _direct(args) if x.kind in _SOURCES), key=id))
    return interpreter.heap.value(Kind.OPAQUE, node, interpreter.frame.context, sources, None, label=item.label)


def _direct(args: Arguments) -> set[Object]:
    return {item for value in args.all() for item in value}


def run_callbacks(interpreter: Interpreter, args: Arguments) -> None:
    """A function handed to unseen code will be called by it."""
    for value in args.all():
        for item in value:
            if item.kind is Kind.PARTIAL and item not in interpreter.handed:
                interpreter.handed.add(item)
                interpreter.impure += 1
                interpreter.trace.unseen.update(part.data[0] for part in item.data[0] if part.kind in _FUNCTIONS)
                interpreter.invoke(item, args.node, _unknown())
                interpreter.alive = True
            elif item.kind in _FUNCTIONS and item.data[0] not in interpreter.trace.unseen:
                interpreter.trace.unseen.add(item.data[0])
                interpreter.impure += 1
                if item.data[0].body not in interpreter.visited:
                    receiver = item.of[0] if item.kind is Kind.METHOD else None
                    call_function(interpreter, item, args.node, _unknown(), receiver)
                    interpreter.alive = True


def _unknown() -> Arguments:
    """Whatever unseen code may pass."""
    unknown = Arguments()
    unknown.starred = unknown.extra = True
    return unknown
