"""What comes of code that cannot be seen: models that compute, and functions of unknown packages."""

from __future__ import annotations

from migrator.inference.arguments import Arguments
from migrator.inference.element import deep, join_all, roots
from migrator.inference.function import call_function, escape
from migrator.inference.interpreter import Walk
from migrator.inference.objects import UNKNOWN, Kind, Object, Value
from migrator.inference.place import record_meeting
from migrator.inference.trace import Escaped, Forwarded
from migrator.source import syntax as s

_SOURCES = frozenset({Kind.MODEL, Kind.PARAMETERS, Kind.OPTIMIZER, Kind.DATASET, Kind.OPAQUE, Kind.PART})
_FUNCTIONS = (Kind.FUNCTION, Kind.METHOD)


def forward(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    """Run a model, a part of one or a criterion: the result comes from it and from what it is given."""
    given = frozenset().union(*(roots(deep(walk, value)) for value in args.all()))
    walk.record(Forwarded, node, item, given)
    if item.kind is Kind.CRITERION:
        record_meeting(walk, node, args.all())
    for value in args.all():
        for inner in value:
            if inner.kind is Kind.MODEL:
                walk.record(Escaped, node, inner, item)
    return walk.heap.tensor(given | {item})


def call_partial(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    """Call what a `functools.partial` stands for."""
    callee, bound = item.data
    merged = Arguments(bound.node)
    merged.placed = [*bound.placed, *args.placed]
    merged.named = {**bound.named, **args.named}
    merged.starred, merged.extra = args.starred, args.extra
    return join_all(walk.invoke(part, node, merged) for part in callee) or UNKNOWN


def call_opaque(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    """Call something unknown; it may be a model."""
    given = frozenset().union(*(roots(deep(walk, value)) for value in args.all()))
    walk.record(Forwarded, node, item, given)
    return opaque_result(walk, item, node, args)


def opaque_result(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    """Whatever unseen code returns: a tensor where it was given one, else a thing made here."""
    given = frozenset().union(*(roots(deep(walk, value)) for value in args.all()))
    escape(walk, node, args, item)
    run_callbacks(walk, args)
    if any(x.kind in (Kind.BATCH, Kind.FRESH) or (x.kind is Kind.MODEL and x not in _direct(args)) for x in given):
        return walk.heap.tensor(given | ({item} if item.kind is not Kind.LIBRARY else frozenset()))
    sources = tuple(sorted((x for x in _direct(args) if x.kind in _SOURCES), key=id))
    return walk.heap.value(Kind.OPAQUE, node, walk.frame.context, sources, None, label=item.label)


def _direct(args: Arguments) -> set[Object]:
    return {item for value in args.all() for item in value}


def run_callbacks(walk: Walk, args: Arguments) -> None:
    """A function handed to unseen code will be called by it."""
    for value in args.all():
        for item in value:
            if item.kind is Kind.PARTIAL and item not in walk.handed:
                walk.handed.add(item)
                walk.impure += 1
                walk.trace.unseen.update(part.data[0] for part in item.data[0] if part.kind in _FUNCTIONS)
                walk.invoke(item, args.node, _unknown())
                walk.alive = True
            elif item.kind in _FUNCTIONS and item.data[0] not in walk.trace.unseen:
                walk.trace.unseen.add(item.data[0])
                walk.impure += 1
                if item.data[0].body not in walk.visited:
                    receiver = item.of[0] if item.kind is Kind.METHOD else None
                    call_function(walk, item, args.node, _unknown(), receiver)
                    walk.alive = True


def _unknown() -> Arguments:
    """Whatever unseen code may pass."""
    unknown = Arguments()
    unknown.starred = unknown.extra = True
    return unknown
