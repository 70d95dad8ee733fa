"""Which device moves `prepare` makes superfluous, and which stay."""

from __future__ import annotations

import re

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Called, Escaped, Forwarded, Given, ItemRead, Iterated, Made, Saved, of_kind
from migrator.source import syntax as s
from migrator.training.components import key_of
from migrator.training.training import Training
from migrator.training.use import first_use

# between a model's move and `prepare` these leave it to `prepare` to move it
_HARMLESS = frozenset({"train", "eval", "parameters", "named_parameters", "to", "cuda", "zero_grad", "requires_grad_"})
_PLAIN_BATCH = frozenset(
    {Kind.SEQUENCE, Kind.DICT, Kind.TENSOR, Kind.FRESH, Kind.BATCH, Kind.ITERATOR, Kind.ANY, Kind.CONSTANT}
)


def explicit_index(training: Training, call: s.Call) -> s.Node | None:
    """The argument by which a move asks for another device than the process's own; None where it does not."""
    target = call.argument(0, "device")
    if target is None:
        return None
    taken = (
        {x for item in training.user_device.definitions for x in item.devices}
        if training.user_device is not None
        else set()
    )
    for item in training.value(target) - taken:
        if item.kind is Kind.CONSTANT and item.data[0] == "int" and item.data[1] > 0:
            return target
        if item.kind is Kind.DEVICE and re.match(r"\w+:[1-9]", str(item.data)):
            return target
    return None


# ---------------------------------------------------------------- batches


def is_prepared_batch(training: Training, node: s.Node) -> bool:
    """Whether an expression is, on every path, a batch (or part of one) of a loader that is prepared."""
    values = training.value(node)
    return bool(values) and all(_is_prepared(training, item) for item in values)


def _is_prepared(training: Training, item: Object) -> bool:
    if item.kind is not Kind.BATCH or not item.of[0].prepared:
        return False
    loader = item.of[0]
    if loader in training.on_host:
        return False
    if loader.kind is Kind.LOADER:
        return _collates_plainly(training, loader)
    # a name defined elsewhere: its use is all there is to go by, and that says loader
    return (
        loader.kind is Kind.OPAQUE
        and loader.data.__class__ is tuple
        and loader.data[0] == "name"
        and len(loader.data) == 3
    )


def _collates_plainly(training: Training, loader: Object) -> bool:
    """Whether batches are tensors in tuples, lists and dicts, which `prepare` moves; a class of one's own may not be."""
    for event in of_kind(training.before.trace.events, Made):
        if event.node is loader.site:
            call = event.node
            collate = call.argument(6, "collate_fn") if isinstance(call, s.Call) else None
            if collate is None or (isinstance(collate, s.Literal) and collate.value is None):
                return (
                    not isinstance(call, s.Call)
                    or not any(arg.star == "**" for arg in call.args)
                    or _plain_spread(training, call)
                )
            return all(_returns_plainly(training, item) for item in training.value(collate))
    return True


def _plain_spread(training: Training, call: s.Call) -> bool:
    """Whether ``**kwargs`` of a loader is a dict that we know and that sets no ``collate_fn``."""
    for arg in call.args:
        if arg.star == "**":
            values = training.value(arg.value)
            if not values or not all(x.kind is Kind.DICT for x in values):
                return False
            if any("collate_fn" in training.before.variables.of(x) for x in values):
                return False
    return True


def _returns_plainly(training: Training, item: Object) -> bool:
    if item.kind not in (Kind.FUNCTION, Kind.METHOD):
        return False
    function = item.data[0]
    nodes = (
        [function.body]
        if isinstance(function, s.Lambda)
        else [x.value for x in function.body.walk() if isinstance(x, s.Return)]
    )
    given = [node for node in nodes if node is not None]
    if not nodes or len(given) < len(nodes):
        return False
    kinds = {x.kind for node in given for x in training.value(node)}
    return bool(kinds) and kinds <= _PLAIN_BATCH and kinds != {Kind.ANY}


# ---------------------------------------------------------------- models


def is_left_to_prepare(training: Training, call: s.Call) -> bool:
    """Whether what a move moves is a model that `prepare` moves later, with nothing in between that needs it moved."""
    assert isinstance(call.func, s.Attribute)
    values = training.value(call.func.value)
    models = [x for x in values if x.kind in (Kind.MODEL, Kind.OPAQUE)]
    if not models or len(models) != len(values) or not all(training.is_required(x) and not x.prepared for x in models):
        return False
    if any(x.kind is Kind.OPAQUE and key_of(x.raw) not in training.model_keys for x in models):
        return False
    return all(_unused_between(training, call, item.raw) for item in models)


def _unused_between(training: Training, call: s.Call, item: Object) -> bool:
    twin = _key_in_raw(training, item)
    start = min((e.order for e in training.components.by_item.get(twin, []) if e.node is call), default=0)
    end = _prepared_at(training, twin)
    for event in training.components.by_item.get(twin, []):
        if not start < event.order < end:
            continue
        if isinstance(event, (Forwarded, Saved, Escaped, ItemRead, Iterated, Given)):
            return False
        if isinstance(event, Called) and event.method not in _HARMLESS:
            return False
    for optimizer in training.components.optimizers:  # its state would be loaded onto the wrong device
        if twin in optimizer.of:
            loads = [e for e in training.components.events_of(optimizer, Called) if e.method == "load_state_dict"]
            if any(start < e.order < end for e in loads):
                return False
    return True


def _key_in_raw(training: Training, item: Object) -> Object:
    wanted = key_of(item)
    return next((x for x in training.components.by_item if key_of(x) == wanted), item)


def _prepared_at(training: Training, item: Object) -> float:
    """When `prepare` comes, in terms of the first walk: at the latest when the object first trains."""
    first = first_use(training.components, item)
    return first.order if first is not None else float("inf")
