"""Local classes: their attributes, what they are by their bases, and the instances that they make."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from migrator.inference.arguments import Arguments
from migrator.inference.element import join_all
from migrator.inference.evaluate import lookup, record_store
from migrator.inference.function import call_function, escape
from migrator.inference.interpreter import Interpreter
from migrator.inference.library import make_loader, make_optimizer, make_scheduler
from migrator.inference.objects import NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.inference.opaque import opaque_result
from migrator.inference.trace import Called, Made
from migrator.source import syntax as s

_BASES: tuple[tuple[re.Pattern[str], Kind], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"Lightning(Module|DataModule)|^transformers\.Trainer$|\bpl\.(LightningModule|Trainer)", Kind.FRAMEWORK),
        (r"(^|\.)optim\.[A-Z]\w*$|\bOptimizer$", Kind.OPTIMIZER),
        (r"lr_scheduler\.\w+$|\b_?LRScheduler$", Kind.SCHEDULER),
        (r"DataLoader$", Kind.LOADER),
        (r"Dataset$|datasets\.\w+$|\bDatasetFolder$|\bImageFolder$", Kind.DATASET),
        (r"Sampler$", Kind.SAMPLER),
        (r"autograd\.Function$|^Function$", Kind.PARTIAL),
        (r"nn\.\w*Loss$", Kind.MODEL),
        (r"^torch\.nn\.|\bnn\.Module$|Module$|PreTrainedModel$|^torchvision\.models\.", Kind.MODEL),
    )
)


def class_member(
    interpreter: Interpreter, item: Object | None, name: str, receiver: Object | None, node: s.Node | None
) -> Value | None:
    """Find an attribute on a class or its bases; a function is bound to the receiver, a property is called."""
    if item is None or item.kind is not Kind.CLASS:
        return None
    own = interpreter.variables.of(item)
    if name in own:
        found: Value = NOTHING
        for part in own[name]:
            found = (
                join(found, _bound(interpreter, part, item, receiver, node))
                if found
                else _bound(interpreter, part, item, receiver, node)
            )
        return found
    for base in item.data[2]:
        for parent in base:
            value = class_member(interpreter, parent, name, receiver, node)
            if value is not None:
                return value
    return None


def _bound(
    interpreter: Interpreter, part: Object, owner: Object, receiver: Object | None, node: s.Node | None
) -> Value:
    if part.kind is not Kind.FUNCTION or not isinstance(part.site, s.FunctionDef):
        return interpreter.heap.single(part)
    words = {x.id for x in part.site.decorators if isinstance(x, s.Name)}
    words |= {x.name for x in part.site.decorators if isinstance(x, s.Attribute)}
    if "staticmethod" in words:
        return interpreter.heap.single(part)
    if "classmethod" in words:
        return interpreter.heap.value(Kind.METHOD, part.site, part.context, (owner,), part.data, label=part.label)
    if receiver is None:
        return interpreter.heap.single(part)
    receiver = receiver.raw  # a wrapper has no methods of its own: whoever reaches one has unwrapped it
    if words & {"property", "cached_property"} and node is not None:
        return call_function(interpreter, part, node, Arguments(), receiver)
    return interpreter.heap.value(Kind.METHOD, part.site, part.context, (receiver,), part.data, label=part.label)


def class_kind(interpreter: Interpreter, item: Object, depth: int = 8) -> Kind:
    """Say what instances of a local class are, by its bases."""
    node, _, bases = item.data
    for base in bases:
        for parent in base:
            if parent.kind is Kind.CLASS and depth:
                kind = class_kind(interpreter, parent, depth - 1)
                if kind is not Kind.INSTANCE:
                    return kind
            elif parent.kind in (Kind.LIBRARY, Kind.OPAQUE):
                for pattern, kind in _BASES:
                    if pattern.search(str(parent.data) if parent.kind is Kind.LIBRARY else parent.label):
                        return kind
    methods = node.methods()
    unseen = any(parent.kind in (Kind.LIBRARY, Kind.OPAQUE) for base in bases for parent in base)
    if unseen and "forward" in methods:
        return Kind.MODEL
    return Kind.INSTANCE


def construct(interpreter: Interpreter, item: Object, node: s.Call, args: Arguments) -> Value:
    """Make an instance of a local class."""
    kind = class_kind(interpreter, item)
    context = interpreter.frame.context
    if kind is Kind.OPTIMIZER:
        return make_optimizer(interpreter, node, args, item.label)
    if kind is Kind.SCHEDULER:
        return make_scheduler(interpreter, node, args, item.label)
    if kind is Kind.LOADER:
        return make_loader(interpreter, node, args, item.label)
    if kind is Kind.PARTIAL:  # torch.autograd.Function
        return UNKNOWN
    made = interpreter.heap.make(kind, node, context, (), item, item.label)
    interpreter.record(Made, node, made)
    init = class_member(interpreter, item, "__init__", made, None)
    interpreter.variables.own(made)
    if init is not None and (kind is not Kind.MODEL or _trains(interpreter, item.site)):
        for method in init:
            if method.kind is Kind.METHOD:
                call_function(interpreter, method, node, args, made)
    elif kind is Kind.INSTANCE and init is None:
        _fill_fields(interpreter, item, node, made, args)
    else:
        escape(interpreter, node, args, item)
    return interpreter.heap.single(made)


def _fill_fields(interpreter: Interpreter, item: Object, node: s.Call, made: Object, args: Arguments) -> None:
    """A dataclass or named tuple: its annotated names are its parameters, and `__post_init__` does the rest."""
    fields = {
        x.target.id: x.value
        for x in item.site.body.statements
        if isinstance(x, s.Annotate) and isinstance(x.target, s.Name)
    }
    own = interpreter.variables.own(made)
    for name, default in fields.items():
        for value in _defaults(interpreter, default) if isinstance(default, s.Call) else ():
            own[name] = value
    given = dict(zip(fields, args.placed, strict=False)) | args.named
    own.update(given)
    for name, value in given.items():
        record_store(interpreter, node, value, made, name)
    for method in class_member(interpreter, item, "__post_init__", made, None) or ():
        if method.kind is Kind.METHOD:
            call_function(interpreter, method, node, Arguments(), made)


def _defaults(interpreter: Interpreter, node: s.Call) -> Iterator[Value]:
    """Give what `field(default=...)` or `field(default_factory=...)` stands for, where it says."""
    if not any(x.data == "dataclasses.field" for x in interpreter.trace.values.get(node.func, NOTHING)):
        return
    for arg in node.args:
        value = interpreter.trace.values.get(arg.value, NOTHING)
        if arg.keyword == "default":
            yield value
        elif arg.keyword == "default_factory":
            yield join_all(interpreter.invoke(part, node, Arguments()) for part in value) or UNKNOWN


_TRAINING_WORDS = frozenset({"backward", "zero_grad", "optim", "optimizer", "optimizers"})


def _trains(interpreter: Interpreter, node: s.ClassDef) -> bool:
    """Whether a module class trains itself: it back-propagates, builds an optimizer, or is made of parts that do."""
    if node not in interpreter.trainers:
        interpreter.trainers[node] = False  # a class is no part of itself
        inside = [x for method in node.methods().values() for x in method.walk()]
        interpreter.trainers[node] = any(
            isinstance(x, s.Attribute) and x.name in _TRAINING_WORDS for x in inside
        ) or any(_trains(interpreter, part) for part in _parts(interpreter, inside) if part is not node)
    return interpreter.trainers[node]


def _parts(interpreter: Interpreter, nodes: Iterable[s.Node]) -> set[s.ClassDef]:
    """The local classes that some code names."""
    names = {x.id for x in nodes if isinstance(x, s.Name) and not x.store}
    return {item.site for name in names for item in lookup(interpreter, name) if item.kind is Kind.CLASS}


def call_method(interpreter: Interpreter, item: Object, node: s.Call, args: Arguments) -> Value:
    """Call a function that is bound to its receiver."""
    return call_function(interpreter, item, node, args, item.of[0])


def call_instance(interpreter: Interpreter, item: Object, node: s.Call, args: Arguments) -> Value:
    """Call an instance by its `__call__`."""
    interpreter.record(Called, node, item, "__call__")
    found = class_member(interpreter, item.data, "__call__", item, None) if item.data is not None else None
    if found is None:
        return opaque_result(interpreter, item, node, args)
    return join_all(interpreter.invoke(part, node, args) for part in found) or UNKNOWN
