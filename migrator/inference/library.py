"""Calls of library functions: what the knowledge table says that they make."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable
from typing import Any

from migrator.inference import knowledge
from migrator.inference.arguments import Arguments
from migrator.inference.builtin import SPECIAL
from migrator.inference.element import computed, deep, element, join_all, roots, whole
from migrator.inference.function import escape
from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import UNKNOWN, Kind, Object, Value
from migrator.inference.opaque import opaque_result, run_callbacks
from migrator.inference.place import is_host, is_made_on_device, record_host, record_meeting
from migrator.inference.trace import Given, Made, Wrapped
from migrator.source import syntax as s

# their functions compute: what they return is known by what they are given
_PLAIN = frozenset({"torch", "numpy", "scipy", "math"} | sys.stdlib_module_names | vars(builtins).keys())


def _iterator(interpreter: Interpreter, node: s.Call, args: Arguments, name: str, shape: str) -> Value:
    if shape == "list":
        item = interpreter.heap.make(Kind.SEQUENCE, node, interpreter.frame.context)
        if not args.placed:
            interpreter.variables.put(item, {})
            return interpreter.heap.single(item)
        held = (
            interpreter.iterate(node, args.placed[0])
            if _draws(interpreter, args.placed[0])
            else element(interpreter, args.placed[0])
        )
        if any(x.kind is Kind.PARAMETERS for x in args.placed[0]):
            return args.placed[0]
        interpreter.variables.put(item, {"*": held})
        return interpreter.heap.single(item)
    first = args.get(0, "iterable") or UNKNOWN
    for value in args.all():
        for item in value:
            interpreter.record(Given, node, item, name)
    data: Any
    if shape == "zip":
        data = ("zip", tuple(element(interpreter, value) for value in args.placed))
    elif shape == "chain":
        if any(x.kind is Kind.PARAMETERS for value in args.placed for x in value):
            return _all_parameters(interpreter, args.placed)
        data = ("same", join_all(element(interpreter, value) for value in args.placed) or UNKNOWN)
    elif shape == "second":
        if args.placed[1:] and any(x.kind is Kind.PARAMETERS for x in args.placed[1]):
            return args.placed[1]
        data = ("same", element(interpreter, args.get(1) or UNKNOWN))
    elif shape == "map":
        data = ("same", _mapped(interpreter, node, args))
    elif shape == "flatten":
        data = ("same", element(interpreter, element(interpreter, first)))
    else:
        data = (shape, element(interpreter, first))
    return interpreter.heap.value(Kind.ITERATOR, node, interpreter.frame.context, (), data)


def _draws(interpreter: Interpreter, value: Value) -> bool:
    return any(item.kind in (Kind.LOADER, Kind.ITERATOR) for item in value)


def _mapped(interpreter: Interpreter, node: s.Call, args: Arguments) -> Value:
    inner = Arguments(node)
    inner.placed = [element(interpreter, value) for value in args.placed[1:]]
    return join_all(interpreter.invoke(item, node, inner) for item in args.get(0)) or UNKNOWN


def _all_parameters(interpreter: Interpreter, values: Iterable[Value]) -> Value:
    return join_all(values)


def _make_model(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
    made = interpreter.heap.make(Kind.MODEL, node, interpreter.frame.context, (), None, name)
    interpreter.record(Made, node, made)
    escape(interpreter, node, args, made)
    return interpreter.heap.single(made)


def _make_simple(kind: Kind) -> Callable[[Interpreter, s.Call, Arguments, str], Value]:
    def make(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
        made = interpreter.heap.make(kind, node, interpreter.frame.context, (), None, name)
        interpreter.record(Made, node, made)
        return interpreter.heap.single(made)

    return make


def make_loader(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
    """Make a loader; it knows its dataset, its sampler and how it collates."""
    made = interpreter.heap.make(Kind.LOADER, node, interpreter.frame.context, (), None, name)
    interpreter.record(Made, node, made)
    interpreter.variables.own(made)
    dataset = args.get(0, "dataset")
    if dataset:
        interpreter.variables.own(made)["dataset"] = dataset
    sampler = args.get(4, "sampler")
    if sampler and any(x.kind is Kind.SAMPLER for x in sampler):
        interpreter.variables.own(made)["sampler"] = sampler
    collate = args.get(6, "collate_fn")
    interpreter.variables.own(made)["collate_fn"] = collate or interpreter.none
    return interpreter.heap.single(made)


def make_optimizer(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
    """Make an optimizer; it is of the models whose parameters it was given."""
    owners = parameter_owners(interpreter, args.all()[:1] if args.placed else [args.get(None, "params"), *args.all()])
    made = interpreter.heap.make(Kind.OPTIMIZER, node, interpreter.frame.context, owners, None, name)
    interpreter.record(Made, node, made)
    return interpreter.heap.single(made)


def parameter_owners(interpreter: Interpreter, values: Iterable[Value]) -> tuple[Object, ...]:
    """Give the models, parts and unknown things that some parameters belong to."""
    found: dict[Object, None] = {}
    for value in values:
        for item in deep(interpreter, value):
            if item.kind is Kind.PARAMETERS:
                found.update(dict.fromkeys(item.of))
            elif item.kind is Kind.PART:
                found[whole(item)] = None
                found[item] = None
            elif item.kind in (Kind.FRESH, Kind.MODEL):
                found[item] = None
            elif item.kind is Kind.TENSOR:
                found.update(dict.fromkeys(item.of))
            elif item.kind is Kind.OPAQUE:
                models = [x for x in item.of if x.kind in (Kind.MODEL, Kind.PARAMETERS, Kind.OPAQUE)]
                found.update(dict.fromkeys(models or [item]))
    return tuple(dict.fromkeys(x for item in found for x in (item.of if item.kind is Kind.PARAMETERS else (item,))))


def _library_optimizer(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
    return make_optimizer(interpreter, node, args, name)


def make_scheduler(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
    """Make a scheduler; it is of the optimizers, or the schedulers, that it was given."""
    owners = tuple(
        x
        for value in args.all()
        for x in deep(interpreter, value)
        if x.kind in (Kind.OPTIMIZER, Kind.OPAQUE, Kind.SCHEDULER)
    )
    made = interpreter.heap.make(
        Kind.SCHEDULER, node, interpreter.frame.context, tuple(sorted(set(owners), key=id)), None, name
    )
    interpreter.record(Made, node, made)
    return interpreter.heap.single(made)


def _make_device(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
    given = args.get(0, "type") or args.get(0, "device")
    if name != "torch.device":
        return interpreter.heap.value(Kind.DEVICE, node, data="accelerator?", label=name)
    names = {x.data if x.kind is Kind.DEVICE else x.label or "?" for x in given}
    option = any(x.kind not in (Kind.DEVICE, Kind.CONSTANT) for x in given)
    made = [
        interpreter.heap.make(
            Kind.DEVICE, node, None, tuple(given), "option" if option else str(text), f"torch.device({text})"
        )
        for text in sorted(map(str, names)) or ["?"]
    ]
    return frozenset(made)


def _load(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
    """``torch.load``: a state dict, a dict of them, or a whole model; what is done with it will tell."""
    made = interpreter.heap.make(Kind.OPAQUE, node, interpreter.frame.context, (), "checkpoint", name)
    interpreter.record(Made, node, made)
    return interpreter.heap.single(made)


def _make_flag(interpreter: Interpreter, node: s.Call, args: Arguments, name: str) -> Value:
    return interpreter.heap.value(Kind.FLAG, node, data=name)


_LIBRARY_MAKERS: dict[Kind, Callable[[Interpreter, s.Call, Arguments, str], Value]] = {
    Kind.MODEL: _make_model,
    Kind.OPTIMIZER: _library_optimizer,
    Kind.SCHEDULER: make_scheduler,
    Kind.LOADER: make_loader,
    Kind.DEVICE: _make_device,
    Kind.FLAG: _make_flag,
    Kind.CHECKPOINT: _load,
    **{
        kind: _make_simple(kind)
        for kind in (
            Kind.CRITERION, Kind.DATASET, Kind.SAMPLER, Kind.SCALER, Kind.RANK, Kind.WORLD, Kind.ACCELERATOR, Kind.FRESH
        )
    },
}  # fmt: skip


def as_said(interpreter: Interpreter, item: Object, node: s.Call | None, args: Arguments, value: Value) -> Value:
    """Give what the user says that a local function or class makes, where its own code does not show as much."""
    kind = interpreter.program.said_of(item.data[1].module, item.label)
    if kind is None or not isinstance(node, s.Call) or any(x.kind is kind for x in value):
        return value
    return _LIBRARY_MAKERS[kind](interpreter, node, args, item.label)


def call_library(interpreter: Interpreter, item: Object, node: s.Call, args: Arguments) -> Value:
    """Give what a library function returns: by its own meaning, by the table, else by what it is given."""
    name: str = item.data
    special = SPECIAL.get(name)
    if special is not None:
        return special(interpreter, node, args)
    shape = knowledge.ITERATE.get(name)
    if shape is not None:
        return _iterator(interpreter, node, args, name, shape)
    if name in knowledge.IDENTITY:
        for inner in args.get(0, "module"):
            interpreter.record(Wrapped, node, inner, name)
        if name.startswith("torch.jit."):  # what is traced or scripted is another module, and none that is trained
            return frozenset(x.raw for x in args.get(0) or UNKNOWN)
        return args.get(0, "module") or args.get(0) or UNKNOWN
    if name in knowledge.FACTORIES:
        given = roots(join_all(args.all()))
        source = given if name.endswith("_like") or name in ("torch.tensor", "torch.as_tensor") else frozenset()
        made = interpreter.heap.make(Kind.FRESH, node, interpreter.frame.context, (), None, name)
        if is_made_on_device(args) or name.endswith("_like"):
            made = interpreter.heap.place(made, "device")
        return interpreter.heap.tensor(source | {made}) if source else interpreter.heap.single(made)
    kind = interpreter.program.maker(name)
    maker = _LIBRARY_MAKERS.get(kind) if kind is not None else None
    if maker is not None:
        return maker(interpreter, node, args, name)
    if name.partition(".")[0] in _PLAIN:
        run_callbacks(interpreter, args)
        for value in args.all():
            for inner in value:
                interpreter.record(Given, node, inner, name)
        models = frozenset(x for x in args.get(0, "module") or args.get(0, "model") if x.kind is Kind.MODEL)
        if models:  # a module goes in, and comes out changed
            return models
        if name.startswith("torch.utils.data"):
            return interpreter.heap.value(Kind.DATASET, node, interpreter.frame.context, (), None, label=name)
        record_host(interpreter, node, join_all(args.all())) if is_host(name) else record_meeting(
            interpreter, node, args.all()
        )
        return computed(interpreter, args.all())
    if is_host(name):
        record_host(interpreter, node, join_all(args.all()))
    return opaque_result(interpreter, item, node, args)
