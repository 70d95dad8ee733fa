"""Device moves, sorted by what is moved: which of them `prepare` makes superfluous, and which stay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from migrator.inference.objects import Kind, Object, Value
from migrator.inference.trace import Called, Escaped, Forwarded, Given, ItemRead, Iterated, Made, Saved, of_kind
from migrator.source import syntax as s
from migrator.source.block import Drop, Operation, Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.components import key_of
from migrator.training.device import DEVICE_WORD
from migrator.training.use import first_use

if TYPE_CHECKING:
    from migrator.training.training import Training

# between a model's move and `prepare` these leave it to `prepare` to move it
_HARMLESS = frozenset({"train", "eval", "parameters", "named_parameters", "to", "cuda", "zero_grad", "requires_grad_"})
# calls by which a condition asks for a GPU, and which change nothing
_ASKS = frozenset({"is_available", "device_count"})
_PLAIN_BATCH = frozenset(
    {Kind.SEQUENCE, Kind.DICT, Kind.TENSOR, Kind.FRESH, Kind.BATCH, Kind.ITERATOR, Kind.ANY, Kind.CONSTANT}
)


def is_device_move(training: Training, call: s.Call) -> bool:
    """Whether a call moves its receiver to a device (``x.to(torch.float16)`` does not)."""
    assert isinstance(call.func, s.Attribute)
    if any(x.kind in (Kind.LIBRARY, Kind.MODULE, Kind.INSTANCE, Kind.CLASS) for x in training.value(call.func.value)):
        return False
    if call.func.name == "cuda":
        return True
    target = call.argument(0, "device")
    return target is not None and is_device(training, target)


def is_device(training: Training, node: Any) -> bool:
    """Whether an argument is a device: by what it is, else by its use here and a name that agrees."""
    values = training.value(node)
    if any(x.kind in (Kind.DEVICE, Kind.RANK) for x in values):
        return True
    if values and all(x.kind is Kind.CONSTANT and x.data[0] == "int" for x in values):
        return True
    name = node.name if isinstance(node, s.Attribute) else node.id if isinstance(node, s.Name) else ""
    return bool(name and DEVICE_WORD.search(name))


def keeps_more(call: s.Call) -> bool:
    """Whether a move also changes a dtype or memory format, and so has to stay."""
    rest = [arg for arg in call.args if arg.keyword not in ("device", "non_blocking", "async", "copy")]
    if call.func.name == "cuda":  # type: ignore[attr-defined]
        return False
    return len(rest) > 1 or any(arg.keyword in ("dtype", "memory_format") for arg in rest)


def explicit_index(training: Training, call: s.Call) -> Any:
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


def is_prepared_batch(training: Training, node: Any) -> bool:
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
    for event in of_kind(training.before.log.events, Made):
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
    if not nodes or any(node is None for node in nodes):
        return False
    kinds = {x.kind for node in nodes for x in training.value(node)}
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


# ---------------------------------------------------------------- taking moves out


def without_moves(node: Any, moves: Iterable[Any]) -> Any:
    """Give what is left of an expression when moves around it are taken off."""
    gone = set(moves)
    while node in gone:
        node = node.func.value
    return node


def removal(module: Module, statement: s.Statement, moves: list[Any]) -> list[Operation]:
    """Take moves out of a statement, and the statement with them where nothing would be left of it."""
    if is_hollow(module, statement, moves):
        return [Drop(statement)]
    copied = _taken_apart(module, statement, set(moves))
    if copied is not None:
        around, kept = module.outer(statement.value), module.outer(copied)  # type: ignore[attr-defined]
        return [Replace(Span(around.start, kept.start), ""), Replace(Span(kept.end, around.end), "")]
    found: list[Operation] = []
    for call in moves:
        user_device = call.parent
        if isinstance(user_device, s.Conditional) and _is_no_choice(module, user_device, set(moves)):
            left = user_device.orelse if call is user_device.body else user_device.body
            found.append(Replace(module.outer(user_device), module.text(without_moves(left, moves))))
        else:
            found.append(Replace(Span(module.outer(call.func.value).end, module.span(call).end), ""))
    return found


def _is_no_choice(module: Module, node: s.Conditional, gone: set[Any]) -> bool:
    """Whether nothing but a move depends on a condition: ``net.cuda() if cuda else net``."""
    arms = {module.text(without_moves(arm, gone)) for arm in (node.body, node.orelse)}
    moved = [arm for arm in (node.body, node.orelse) if arm in gone]
    return len(arms) == 1 and len(moved) == 1 and _is_quiet(node.test)


def _is_quiet(test: Any) -> bool:
    """Whether nothing happens while a condition is worked out."""
    calls = [node for node in (test, *test.walk()) if isinstance(node, (s.Call, s.Walrus, s.Await, s.Yield))]
    return all(isinstance(x, s.Call) and isinstance(x.func, s.Attribute) and x.func.name in _ASKS for x in calls)


def is_hollow(module: Module, statement: s.Statement, moves: Iterable[Any]) -> bool:
    """Whether a statement only moves: ``x = x.to(device)``, ``model.to(device)``."""
    gone = set(moves)
    if isinstance(statement, s.Evaluate):
        return statement.value in gone and isinstance(without_moves(statement.value, gone), (s.Name, s.Attribute))
    if not isinstance(statement, s.Assign) or len(statement.targets) != 1:
        return False
    return _same(module, statement.targets[0], statement.value, gone)


def _taken_apart(module: Module, statement: s.Statement, gone: set[Any]) -> Any:
    """What ``x, y = (value.to(device) for value in data)`` takes apart; None for any other statement, or one of several lines."""
    if not isinstance(statement, s.Assign) or len(statement.targets) != 1 or "\n" in module.text(statement):
        return None
    value: Any = statement.value
    if isinstance(value, s.Call) and isinstance(value.func, s.Name) and value.func.id in ("list", "tuple"):
        value = value.args[0].value if len(value.args) == 1 else None
    copies = isinstance(statement.targets[0], s.Collection) and isinstance(value, s.Comprehension)
    if not copies or value.kind not in ("list", "generator") or len(value.generators) != 1:
        return None
    part = value.generators[0]
    inner = without_moves(value.value, gone)
    if part.tests or inner is value.value or module.text(inner) != module.text(part.target):
        return None
    return part.iter


def _same(module: Module, target: Any, value: Any, gone: set[Any]) -> bool:
    value = without_moves(value, gone)
    if isinstance(value, s.Conditional):
        return _is_quiet(value.test) and all(_same(module, target, arm, gone) for arm in (value.body, value.orelse))
    if isinstance(target, s.Collection) and isinstance(value, s.Collection):
        if len(target.items) != len(value.items):
            return False
        return all(_same(module, a, b, gone) for a, b in zip(target.items, value.items, strict=True))
    if isinstance(value, s.Comprehension) and len(value.generators) == 1:
        part = value.generators[0]
        again = isinstance(part.iter, s.Collection) and _same(module, target, part.iter, gone)
        if part.tests or not (again or module.text(part.iter).removesuffix(".items()") == module.text(target)):
            return False
        inner = without_moves(value.value, gone)
        if value.kind == "dict" and value.key is not None:
            shown = f"{module.text(value.key)}, {module.text(inner)}"
            return module.text(part.target).strip("()") == shown
        return value.kind in ("list", "generator") and module.text(inner) == module.text(part.target)
    if (
        isinstance(value, s.Call)
        and isinstance(value.func, s.Name)
        and value.func.id in ("list", "tuple")
        and len(value.args) == 1
    ):
        return (
            _same(module, target, value.args[0].value, gone)
            if isinstance(value.args[0].value, s.Comprehension)
            else False
        )
    return isinstance(value, (s.Name, s.Attribute)) and module.text(value) == module.text(target)


def kinds_of(values: Value) -> set[Kind]:
    """Give the kinds in a value."""
    return {item.kind for item in values}
