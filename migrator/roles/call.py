"""What a call gives: local functions are followed, libraries are looked up, the rest is opaque."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from migrator.roles import knowledge
from migrator.roles.evaluate import (
    computed,
    constant,
    deep,
    element,
    evaluate,
    join_all,
    member,
    roots,
    sequence,
    truth_of,
    whole,
)
from migrator.roles.role import ANY, MAYBE_UNBOUND, NOTHING, UNKNOWN, Kind, Object, Value, join
from migrator.roles.state import Event, Frame, Variables, merge
from migrator.roles.walk import Walk
from migrator.source import syntax as s

_DEPTH = 25  # calls within calls


class Arguments:
    """The arguments of a call, evaluated."""

    __slots__ = ("extra", "named", "node", "placed", "starred")

    def __init__(self, node: s.Call | None = None) -> None:
        self.node = node
        self.placed: list[Value] = []
        self.named: dict[str, Value] = {}
        self.starred = False  # more positions follow that we cannot count
        self.extra = False  # more names follow that we cannot list

    def all(self) -> list[Value]:
        return [*self.placed, *self.named.values()]

    def get(self, position: int | None, name: str = "") -> Value:
        """Give one argument; nothing where it was not given."""
        if name in self.named:
            return self.named[name]
        if position is not None and position < len(self.placed):
            return self.placed[position]
        return NOTHING


def arguments(walk: Walk, node: s.Call) -> Arguments:
    """Evaluate a call's arguments from left to right."""
    args = Arguments(node)
    for arg in node.args:
        value = evaluate(walk, arg.value)
        if arg.star == "*":
            _spread(walk, args, value)
        elif arg.star == "**":
            _spread_names(walk, args, value)
        else:
            if isinstance(arg.value, s.Literal):
                value = frozenset(_settle(walk, item) for item in value)
            if arg.keyword is not None:
                args.named[arg.keyword] = value
            else:
                args.placed.append(value)
    return args


def _settle(walk: Walk, item: Object) -> Object:
    """A literal that is handed over decides conditions on the other side."""
    if item.kind is Kind.CONSTANT:
        return walk.heap.make(Kind.CONSTANT, None, "settled", (), item.data, item.label)
    return item


def _spread(walk: Walk, args: Arguments, value: Value) -> None:
    for item in value:
        own = walk.variables.of(item) if item.kind is Kind.SEQUENCE else None
        if own is not None and "*" not in own and len(value) == 1:
            args.placed.extend(own[str(index)] for index in range(len(own)))
            return
    args.starred = True
    args.placed.append(element(walk, value))


def _spread_names(walk: Walk, args: Arguments, value: Value) -> None:
    for item in value:
        if item.kind is Kind.DICT:
            for name, held in walk.variables.of(item).items():
                if name == "*":
                    args.extra = True
                else:
                    args.named.setdefault(name, held)
            continue
        args.extra = True


def call(walk: Walk, node: s.Call) -> Value:
    """Give what a call returns, following it where its body is known."""
    func = node.func
    if func.__class__ is s.Attribute:
        return _call_attribute(walk, node, func)
    callee = evaluate(walk, func)
    args = arguments(walk, node)
    return join_all(call_object(walk, item, node, args) for item in callee) or UNKNOWN


def _call_attribute(walk: Walk, node: s.Call, func: s.Attribute) -> Value:
    receiver = evaluate(walk, func.value)
    args = arguments(walk, node)
    if func.name == "backward" and any(item.kind in (Kind.ANY, Kind.UNBOUND) for item in receiver):
        walk.log.events.append(Event("backward", node, ANY, walk, "tensor", NOTHING))  # of what, nobody knows
    found: Value = NOTHING
    for item in receiver:
        method = METHODS.get(item.kind)
        own = walk.variables.names.get(item)
        if method is None or (own is not None and func.name in own):
            target = member(walk, item, func.name, func)
            walk.log.values[func] = join(walk.log.values[func], target) if func in walk.log.values else target
            value = join_all(call_object(walk, part, node, args) for part in target) or UNKNOWN
        else:
            walk.note("call", node, item, func.name)
            value = method(walk, item, func.name, node, args)
        found = join(found, value) if found else value
    return found or UNKNOWN


def call_object(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    """Call one object."""
    handler = _CALLS.get(item.kind)
    return handler(walk, item, node, args) if handler is not None else UNKNOWN


# ---------------------------------------------------------------- local functions and classes


def _call_function(walk: Walk, item: Object, node: Any, args: Arguments, receiver: Object | None = None) -> Value:
    function, outer = item.data[0], item.data[1]
    walk.log.calls.setdefault(function, {}).setdefault(node, set()).add(walk.frame.node)
    depth = sum(1 for _ in walk.frame.chain())
    recursive = sum(frame.node is function for frame in walk.frame.chain()) > 1
    if depth > _DEPTH or recursive or (walk.exhausted and function.body in walk.visited):
        _escape(walk, node, args, function)
        return computed(walk, args.all())
    frame = Frame(function, outer.module, outer, walk.frame, node)
    frame.loop = walk.loop
    frame.entered = walk.clock
    walk.log.frames.setdefault(function, []).append(frame)
    frame.given = _bind(walk, function, args, receiver, frame)
    walk.variables.put(frame, dict(frame.given))
    return _run(walk, function, frame)


def _run(walk: Walk, function: Any, frame: Frame) -> Value:
    caller, walk.frame, loop = walk.frame, frame, walk.loop
    if isinstance(function, s.Lambda):
        walk.visited.add(function.body)
        value = evaluate(walk, function.body)
    else:
        from migrator.roles.flow import execute

        execute(walk, function.body)
        if walk.alive:
            frame.returns.append((walk.none, walk.variables))
        value = join_all(value for value, _ in frame.returns)
        _resume(walk, frame, keeps=function.namespace.holds_scopes)
        if function.is_generator:
            value = walk.heap.value(Kind.ITERATOR, function, frame.context, (), ("same", frame.yields or UNKNOWN))
    walk.frame, walk.loop = caller, loop
    return value or UNKNOWN


def _resume(walk: Walk, frame: Frame, keeps: bool) -> None:
    """Go on behind a call with what any of its returns left."""
    after: Variables | None = None
    for _, variables in frame.returns:
        if not keeps:
            variables.drop(frame)
        after = merge(after, variables.copy() if len(frame.returns) > 1 else variables)
    walk.alive = after is not None
    if after is not None:
        walk.variables = after


def _bind(walk: Walk, function: Any, args: Arguments, receiver: Object | None, frame: Frame) -> dict[str, Value]:
    """Match arguments to parameters."""
    names: dict[str, Value] = {}
    placed = ([walk.heap.single(receiver)] if receiver is not None else []) + args.placed
    position = 0
    rest = dict(args.named)
    for param in function.params:
        if param.kind in ("position", "either"):
            if position < len(placed):
                names[param.name] = placed[position]
                position += 1
            elif param.name in rest:
                names[param.name] = rest.pop(param.name)
            else:
                names[param.name] = _default(walk, param, args, frame)
        elif param.kind == "*":
            names[param.name] = sequence(walk, param, placed[position:], frame.call)
            position = len(placed)
        elif param.kind == "keyword":
            names[param.name] = rest.pop(param.name) if param.name in rest else _default(walk, param, args, frame)
        else:
            item = walk.heap.make(Kind.DICT, param, frame.context)
            walk.variables.put(item, {**rest, **({"*": UNKNOWN} if args.extra else {})})
            names[param.name] = walk.heap.single(item)
    for param in function.params:
        for item in names[param.name]:
            walk.note("store", param, item, (frame, param.name))
    return names


def _default(walk: Walk, param: s.Parameter, args: Arguments, frame: Frame) -> Value:
    """What a parameter holds that the call does not give."""
    if args.starred or args.extra or param.default is None:
        given = walk.heap.value(Kind.OPTION, param, None, (), None, label=param.name)
        return join(given, _default_value(walk, param, frame)) if param.default is not None else given
    return _default_value(walk, param, frame)


def _default_value(walk: Walk, param: s.Parameter, frame: Frame) -> Value:
    """A default that a call leaves in place decides conditions in that activation."""
    caller, walk.frame = walk.frame, frame.outer or walk.frame
    value = evaluate(walk, param.default)
    walk.frame = caller
    return frozenset(_settle(walk, item) for item in value) if frame.call is not None else value


def _escape(walk: Walk, node: Any, args: Arguments, to: Any) -> None:
    """Note which objects are handed to code that is not walked."""
    for value in args.all():
        for item in deep(walk, value):
            walk.note("escape", node, item, to)


def call_unseen(walk: Walk, item: Object) -> None:
    """Walk a function that nobody visible calls, with parameters of which nothing is known."""
    function, outer = item.data[0], item.data[1]
    walk.log.unseen.add(function)
    frame = Frame(function, outer.module, outer, None, None)
    walk.log.frames.setdefault(function, []).append(frame)
    names: dict[str, Value] = {}
    for param in function.params:
        names[param.name] = walk.heap.value(Kind.OPAQUE, param, None, (), "parameter", label=param.name)
    owner = function.parent.owner if isinstance(function, s.FunctionDef) else None
    if isinstance(owner, s.ClassDef) and function.params:
        names[function.params[0].name] = _some_instance(walk, owner)
    frame.given = dict(names)
    walk.variables.put(frame, names)
    caller, walk.frame = walk.frame, frame
    _run(walk, function, frame)
    walk.frame, walk.alive = caller, True


def _some_instance(walk: Walk, node: s.ClassDef) -> Value:
    classes = [x for x in walk.heap.objects() if x.kind is Kind.CLASS and x.site is node]
    found = [x for x in walk.heap.objects() if x.data in classes and x.kind in (Kind.INSTANCE, Kind.MODEL)]
    if found:
        return frozenset(found)
    if not classes:
        return UNKNOWN
    kind = class_kind(walk, classes[0])
    made = kind if kind in (Kind.MODEL, Kind.DATASET) else Kind.INSTANCE
    return walk.heap.value(made, node, None, (), classes[0], label="self")


def decorated(walk: Walk, node: s.FunctionDef, item: Object) -> Value:
    """Give what a decorated definition binds: the function, for every decorator that we know or cannot see through."""
    for decorator in node.decorators:
        value = evaluate(walk, decorator)
        target = decorator.func if isinstance(decorator, s.Call) else decorator
        names = [x.data for x in walk.log.values.get(target, value) if x.kind is Kind.LIBRARY]
        if not names or not all(_TRANSPARENT.match(name) for name in names):
            walk.log.decorated[node] = ".".join(names) or "decorator"
    return walk.heap.single(item)


_TRANSPARENT = re.compile(
    r"torch\.(no_grad|inference_mode|enable_grad|jit\.\w+|compile|distributed\.elastic.*record|set_grad_enabled)|staticmethod|classmethod|property|"
    r"functools\.(wraps|lru_cache|cache)|contextlib\.\w+|abc\.\w+|typing\.\w+"
)


def class_member(walk: Walk, item: Object, name: str, receiver: Object | None, node: Any) -> Value | None:
    """Find an attribute on a class or its bases; a function is bound to the receiver, a property is called."""
    if item is None or item.kind is not Kind.CLASS:
        return None
    own = walk.variables.of(item)
    if name in own:
        found: Value = NOTHING
        for part in own[name]:
            found = (
                join(found, _bound(walk, part, item, receiver, node))
                if found
                else _bound(walk, part, item, receiver, node)
            )
        return found
    for base in item.data[2]:
        for parent in base:
            value = class_member(walk, parent, name, receiver, node)
            if value is not None:
                return value
    return None


def _bound(walk: Walk, part: Object, owner: Object, receiver: Object | None, node: Any) -> Value:
    if part.kind is not Kind.FUNCTION or not isinstance(part.site, s.FunctionDef):
        return walk.heap.single(part)
    words = {x.id for x in part.site.decorators if isinstance(x, s.Name)}
    words |= {x.name for x in part.site.decorators if isinstance(x, s.Attribute)}
    if "staticmethod" in words:
        return walk.heap.single(part)
    if "classmethod" in words:
        return walk.heap.value(Kind.METHOD, part.site, part.context, (owner,), part.data, label=part.label)
    if receiver is None:
        return walk.heap.single(part)
    receiver = receiver.raw  # a wrapper has no methods of its own: whoever reaches one has unwrapped it
    if words & {"property", "cached_property"} and node is not None:
        return _call_function(walk, part, node, Arguments(), receiver)
    return walk.heap.value(Kind.METHOD, part.site, part.context, (receiver,), part.data, label=part.label)


def class_kind(walk: Walk, item: Object, depth: int = 8) -> Kind:
    """Say what instances of a local class are, by its bases."""
    node, _, bases = item.data
    for base in bases:
        for parent in base:
            if parent.kind is Kind.CLASS and depth:
                kind = class_kind(walk, parent, depth - 1)
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


def _construct(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    """Make an instance of a local class."""
    kind = class_kind(walk, item)
    context = walk.frame.context
    if kind is Kind.OPTIMIZER:
        return make_optimizer(walk, node, args, item.label)
    if kind is Kind.SCHEDULER:
        return _make_scheduler(walk, node, args, item.label)
    if kind is Kind.LOADER:
        return _make_loader(walk, node, args, item.label)
    if kind is Kind.PARTIAL:  # torch.autograd.Function
        return UNKNOWN
    made = walk.heap.make(kind, node, context, (), item, item.label)
    walk.note("make", node, made)
    init = class_member(walk, item, "__init__", made, None)
    walk.variables.own(made)
    if init is not None and (kind is not Kind.MODEL or _trains(item.site)):
        for method in init:
            if method.kind is Kind.METHOD:
                _call_function(walk, method, node, args, made)
    elif kind is Kind.INSTANCE and init is None:
        _fill_fields(walk, item, made, args)
    else:
        _escape(walk, node, args, item)
    return walk.heap.single(made)


def _fill_fields(walk: Walk, item: Object, made: Object, args: Arguments) -> None:
    """A dataclass or named tuple: its annotated names are its parameters."""
    fields = [
        x.target.id for x in item.site.body.statements if isinstance(x, s.Annotate) and isinstance(x.target, s.Name)
    ]
    own = walk.variables.own(made)
    own.update(zip(fields, args.placed, strict=False))
    own.update(args.named)


def _trains(node: s.ClassDef) -> bool:
    """Whether a module class trains itself: it back-propagates, or builds an optimizer."""
    words = {"backward", "zero_grad", "optim", "optimizer", "optimizers"}
    return any(
        isinstance(x, s.Attribute) and x.name in words for method in node.methods().values() for x in method.walk()
    )


def _call_method(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    return _call_function(walk, item, node, args, item.of[0])


def _call_instance(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    walk.note("call", node, item, "__call__")
    found = class_member(walk, item.data, "__call__", item, None) if item.data is not None else None
    if found is None:
        return _opaque_result(walk, item, node, args)
    return join_all(call_object(walk, part, node, args) for part in found) or UNKNOWN


# ---------------------------------------------------------------- models and other things that compute


def _forward(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    """Run a model, a part of one or a criterion: the result comes from it and from what it is given."""
    given = frozenset().union(*(roots(deep(walk, value)) for value in args.all()))
    walk.note("forward", node, item, None, frozenset(given))
    for value in args.all():
        for inner in value:
            if inner.kind is Kind.MODEL:
                walk.note("escape", node, inner, item)
    return walk.heap.tensor(given | {item})


def _call_partial(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    callee, bound = item.data
    merged = Arguments(node)
    merged.placed = [*bound.placed, *args.placed]
    merged.named = {**bound.named, **args.named}
    merged.starred, merged.extra = args.starred, args.extra
    return join_all(call_object(walk, part, node, merged) for part in callee) or UNKNOWN


def _call_opaque(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    given = frozenset().union(*(roots(deep(walk, value)) for value in args.all()))
    walk.note("forward", node, item, None, frozenset(given))
    return _opaque_result(walk, item, node, args)


def _opaque_result(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    """Whatever unseen code returns: a tensor where it was given one, else a thing made here."""
    given = frozenset().union(*(roots(deep(walk, value)) for value in args.all()))
    _escape(walk, node, args, item)
    _run_callbacks(walk, args)
    if any(x.kind in (Kind.BATCH, Kind.FRESH) or (x.kind is Kind.MODEL and x not in _direct(args)) for x in given):
        return walk.heap.tensor(given | ({item} if item.kind is not Kind.LIBRARY else frozenset()))
    sources = tuple(sorted((x for x in _direct(args) if x.kind in _SOURCES), key=id))
    return walk.heap.value(Kind.OPAQUE, node, walk.frame.context, sources, None, label=item.label)


_SOURCES = frozenset({Kind.MODEL, Kind.PARAMETERS, Kind.OPTIMIZER, Kind.DATASET, Kind.OPAQUE, Kind.PART})


def _direct(args: Arguments) -> set[Object]:
    return {item for value in args.all() for item in value}


def _run_callbacks(walk: Walk, args: Arguments) -> None:
    """A function handed to unseen code will be called by it."""
    for value in args.all():
        for item in value:
            if item.kind in (Kind.FUNCTION, Kind.METHOD) and item.data[0] not in walk.log.unseen:
                walk.log.unseen.add(item.data[0])
                if item.data[0].body not in walk.visited:
                    unknown = Arguments()
                    unknown.starred = unknown.extra = True
                    receiver = item.of[0] if item.kind is Kind.METHOD else None
                    _call_function(walk, item, args.node, unknown, receiver)
                    walk.alive = True


_CALLS: dict[Kind, Callable[[Walk, Object, Any, Arguments], Value]] = {
    Kind.FUNCTION: _call_function,
    Kind.METHOD: _call_method,
    Kind.CLASS: _construct,
    Kind.INSTANCE: _call_instance,
    Kind.MODEL: _forward,
    Kind.PART: _forward,
    Kind.CRITERION: _forward,
    Kind.OPAQUE: _call_opaque,
    Kind.OPTION: _call_opaque,
    Kind.TENSOR: _forward,
    Kind.PARTIAL: _call_partial,
}


# ---------------------------------------------------------------- libraries


def _call_library(walk: Walk, item: Object, node: s.Call, args: Arguments) -> Value:
    name: str = item.data
    special = _SPECIAL.get(name)
    if special is not None:
        return special(walk, node, args)
    shape = knowledge.ITERATE.get(name)
    if shape is not None:
        return _iterator(walk, node, args, shape)
    if name in knowledge.IDENTITY:
        for inner in args.get(0, "module"):
            walk.note("wrap", node, inner, name)
        return args.get(0, "module") or args.get(0) or UNKNOWN
    if name in knowledge.FACTORIES:
        given = roots(join_all(args.all()))
        source = given if name.endswith("_like") or name in ("torch.tensor", "torch.as_tensor") else frozenset()
        made = walk.heap.make(Kind.FRESH, node, walk.frame.context, (), None, name)
        return walk.heap.tensor(source | {made}) if source else walk.heap.single(made)
    kind = knowledge.maker(name)
    maker = _LIBRARY_MAKERS.get(kind) if kind is not None else None
    if maker is not None:
        return maker(walk, node, args, name)
    if name.partition(".")[0] in _PLAIN:
        _run_callbacks(walk, args)
        for value in args.all():
            for inner in value:
                walk.note("use", node, inner, name)
        models = frozenset(x for x in args.get(0, "module") or args.get(0, "model") if x.kind is Kind.MODEL)
        if models:  # a module goes in, and comes out changed
            return models
        if name.startswith("torch.utils.data"):
            return walk.heap.value(Kind.DATASET, node, walk.frame.context, (), None, label=name)
        return computed(walk, args.all())
    return _opaque_result(walk, item, node, args)


_CALLS[Kind.LIBRARY] = _call_library
# their functions compute: what they return is known by what they are given
_PLAIN = frozenset({"torch", "numpy", "scipy", "math"} | sys.stdlib_module_names | set(dir(builtins)))


def _iterator(walk: Walk, node: s.Call, args: Arguments, shape: str) -> Value:
    if shape == "list":
        item = walk.heap.make(Kind.SEQUENCE, node, walk.frame.context)
        if not args.placed:
            walk.variables.put(item, {})
            return walk.heap.single(item)
        held = walk.iterate(node, args.placed[0]) if _draws(walk, args.placed[0]) else element(walk, args.placed[0])
        if any(x.kind is Kind.PARAMETERS for x in args.placed[0]):
            return args.placed[0]
        walk.variables.put(item, {"*": held})
        return walk.heap.single(item)
    first = args.get(0, "iterable") or UNKNOWN
    for value in args.all():
        for item in value:
            walk.note("use", node, item, "iterate")
    data: Any
    if shape == "zip":
        data = ("zip", tuple(element(walk, value) for value in args.placed))
    elif shape == "chain":
        if any(x.kind is Kind.PARAMETERS for value in args.placed for x in value):
            return _all_parameters(walk, args.placed)
        data = ("same", join_all(element(walk, value) for value in args.placed) or UNKNOWN)
    elif shape == "second":
        if args.placed[1:] and any(x.kind is Kind.PARAMETERS for x in args.placed[1]):
            return args.placed[1]
        data = ("same", element(walk, args.get(1) or UNKNOWN))
    elif shape == "map":
        data = ("same", _mapped(walk, node, args))
    elif shape == "flatten":
        data = ("same", element(walk, element(walk, first)))
    else:
        data = (shape, element(walk, first))
    return walk.heap.value(Kind.ITERATOR, node, walk.frame.context, (), data)


def _draws(walk: Walk, value: Value) -> bool:
    return any(item.kind in (Kind.LOADER, Kind.ITERATOR) for item in value)


def _mapped(walk: Walk, node: s.Call, args: Arguments) -> Value:
    inner = Arguments(node)
    inner.placed = [element(walk, value) for value in args.placed[1:]]
    return join_all(call_object(walk, item, node, inner) for item in args.get(0)) or UNKNOWN


def _all_parameters(walk: Walk, values: Iterable[Value]) -> Value:
    return join_all(values)


def _make_model(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
    made = walk.heap.make(Kind.MODEL, node, walk.frame.context, (), None, name)
    walk.note("make", node, made)
    _escape(walk, node, args, made)
    return walk.heap.single(made)


def _make_simple(kind: Kind) -> Callable[[Walk, s.Call, Arguments, str], Value]:
    def make(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
        made = walk.heap.make(kind, node, walk.frame.context, (), None, name)
        walk.note("make", node, made, name)
        return walk.heap.single(made)

    return make


def _make_loader(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
    made = walk.heap.make(Kind.LOADER, node, walk.frame.context, (), None, name)
    walk.note("make", node, made, name)
    walk.variables.own(made)
    dataset = args.get(0, "dataset")
    if dataset:
        walk.variables.own(made)["dataset"] = dataset
    sampler = args.get(4, "sampler")
    if sampler and any(x.kind is Kind.SAMPLER for x in sampler):
        walk.variables.own(made)["sampler"] = sampler
    collate = args.get(6, "collate_fn")
    walk.variables.own(made)["collate_fn"] = collate or walk.none
    return walk.heap.single(made)


def make_optimizer(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
    """Make an optimizer; it is of the models whose parameters it was given."""
    owners = parameter_owners(walk, args.all()[:1] if args.placed else [args.get(None, "params"), *args.all()])
    made = walk.heap.make(Kind.OPTIMIZER, node, walk.frame.context, owners, None, name)
    walk.note("make", node, made, name)
    return walk.heap.single(made)


def parameter_owners(walk: Walk, values: Iterable[Value]) -> tuple[Object, ...]:
    """Give the models, parts and unknown things that some parameters belong to."""
    found: dict[Object, None] = {}
    for value in values:
        for item in deep(walk, value):
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


def _library_optimizer(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
    return make_optimizer(walk, node, args, name)


def _make_scheduler(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
    owners = tuple(
        x for value in args.all() for x in deep(walk, value) if x.kind in (Kind.OPTIMIZER, Kind.OPAQUE, Kind.SCHEDULER)
    )
    made = walk.heap.make(Kind.SCHEDULER, node, walk.frame.context, tuple(sorted(set(owners), key=id)), None, name)
    walk.note("make", node, made, name)
    return walk.heap.single(made)


def _make_device(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
    given = args.get(0, "type") or args.get(0, "device")
    if name != "torch.device":
        return walk.heap.value(Kind.DEVICE, node, data="accelerator?", label=name)
    names = {x.data if x.kind is Kind.DEVICE else x.label or "?" for x in given}
    option = any(x.kind not in (Kind.DEVICE, Kind.CONSTANT) for x in given)
    made = [
        walk.heap.make(
            Kind.DEVICE, node, None, tuple(given), "option" if option else str(text), f"torch.device({text})"
        )
        for text in sorted(map(str, names)) or ["?"]
    ]
    return frozenset(made)


def _load(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
    """``torch.load``: a state dict, a dict of them, or a whole model; what is done with it will tell."""
    made = walk.heap.make(Kind.OPAQUE, node, walk.frame.context, (), "checkpoint", name)
    walk.note("make", node, made, name)
    return walk.heap.single(made)


def _make_flag(walk: Walk, node: s.Call, args: Arguments, name: str) -> Value:
    return walk.heap.value(Kind.FLAG, node, data=name)


_LIBRARY_MAKERS: dict[Kind, Callable[[Walk, s.Call, Arguments, str], Value]] = {
    Kind.MODEL: _make_model,
    Kind.OPTIMIZER: _library_optimizer,
    Kind.SCHEDULER: _make_scheduler,
    Kind.LOADER: _make_loader,
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


# ---------------------------------------------------------------- library functions with a meaning of their own


def _getattr(walk: Walk, node: s.Call, args: Arguments) -> Value:
    found: Value = NOTHING
    names = [x.data[1] for x in args.get(1) if x.kind is Kind.CONSTANT and x.data[0] == "str"]
    for item in args.get(0):
        if names:
            value = join_all(member(walk, item, name, node) for name in names)
        elif item.kind is Kind.LIBRARY:
            value = walk.heap.value(Kind.LIBRARY, None, data=f"{item.data}.?", label=item.label)
        elif item.kind is Kind.MODULE:
            held = walk.variables.of(item.data).values()
            value = join_all(x for x in held if any(y.kind in (Kind.CLASS, Kind.FUNCTION) for y in x)) or UNKNOWN
        else:
            value = UNKNOWN
        found = join(found, value) if found else value
    return found or UNKNOWN


def _setattr(walk: Walk, node: s.Call, args: Arguments) -> Value:
    names = [x.data[1] for x in args.get(1) if x.kind is Kind.CONSTANT and x.data[0] == "str"]
    for item in args.get(0):
        for name in names:
            walk.variables.own(item)[name] = args.get(2) or UNKNOWN
    return UNKNOWN


def _partial(walk: Walk, node: s.Call, args: Arguments) -> Value:
    bound = Arguments(node)
    bound.placed, bound.named = args.placed[1:], args.named
    bound.starred, bound.extra = args.starred, args.extra
    for item in args.get(0):
        if item.kind in (Kind.FUNCTION, Kind.METHOD):
            walk.log.unseen.add(item.data[0])
    made = walk.heap.make(Kind.PARTIAL, node, walk.frame.context)
    made.data = (args.get(0), bound)
    return walk.heap.single(made)


def _next(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return walk.iterate(node, args.get(0) or UNKNOWN)


def _super(walk: Walk, node: s.Call, args: Arguments) -> Value:
    frame: Any = walk.frame
    while frame is not None and not isinstance(frame.node, s.FunctionDef):
        frame = frame.outer
    owner = frame.node.parent.owner if frame is not None else None
    if not isinstance(owner, s.ClassDef) or not frame.node.params:
        return UNKNOWN
    me = walk.variables.of(frame).get(frame.node.params[0].name, NOTHING)
    bases = tuple(
        x for c in walk.heap.objects() if c.kind is Kind.CLASS and c.site is owner for base in c.data[2] for x in base
    )
    return (
        frozenset(
            walk.heap.make(Kind.INSTANCE, None, "super", (x, *bases), None, "super")
            for x in me
            if x.kind is not Kind.ANY
        )
        or UNKNOWN
    )


def _exit(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return (
        constant(walk, True) if False else walk.heap.value(Kind.CONSTANT, None, None, (), ("exit", True), label="exit")
    )


def _deepcopy(walk: Walk, node: s.Call, args: Arguments) -> Value:
    found: list[Object] = []
    for item in args.get(0):
        walk.note("use", node, item, "copy.deepcopy")
        if item.kind in (Kind.MODEL, Kind.OPTIMIZER, Kind.OPAQUE):
            found.append(walk.heap.make(item.kind, node, walk.frame.context, (), item.data, f"copy of {item.label}"))
        else:
            found.append(item)
    return frozenset(found) or UNKNOWN


def _type_of(walk: Walk, node: s.Call, args: Arguments) -> Value:
    for item in args.get(0):
        walk.note("use", node, item, "inspect")
    return UNKNOWN


def _parse_args(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return walk.heap.value(Kind.OPTION, node, None, (), None, label="args")


def _sum(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return computed(walk, [element(walk, value) for value in args.placed])


def _spawn(walk: Walk, node: s.Call, args: Arguments) -> Value:
    """``mp.spawn(fn, args=(...))`` calls ``fn(rank, *args)``."""
    inner = Arguments(node)
    inner.placed = [walk.heap.value(Kind.RANK, node, None)]
    _spread(walk, inner, args.get(1, "args") or sequence(walk, node, []))
    return _target(walk, args.get(0, "fn"), node, inner)


def _thread(walk: Walk, node: s.Call, args: Arguments) -> Value:
    inner = Arguments(node)
    _spread(walk, inner, args.get(None, "args") or sequence(walk, node, []))
    _spread_names(walk, inner, args.get(None, "kwargs"))
    return _target(walk, args.get(None, "target"), node, inner)


def _target(walk: Walk, callee: Value, node: s.Call, inner: Arguments) -> Value:
    for item in callee:
        if item.kind in (Kind.FUNCTION, Kind.METHOD):
            walk.log.unseen.add(item.data[0])
            _call_function(walk, item, node, inner, item.of[0] if item.kind is Kind.METHOD else None)
            walk.alive = True
    return UNKNOWN


def _autograd_backward(walk: Walk, node: s.Call, args: Arguments) -> Value:
    for item in deep(walk, args.get(0, "tensors")):
        walk.note("backward", node, item, "torch.autograd.backward", frozenset(roots(walk.heap.single(item))))
    return UNKNOWN


def _parser(walk: Walk, node: s.Call, args: Arguments) -> Value:
    return walk.heap.value(Kind.OPTION, node, None, (), None, label="parser")


def _configuration(walk: Walk, node: s.Call, args: Arguments) -> Value:
    """What is read from a file of settings."""
    return walk.heap.value(Kind.OPTION, node, None, (), None, label="config")


def _namespace(walk: Walk, node: s.Call, args: Arguments) -> Value:
    item = walk.heap.make(Kind.OPTION, node, walk.frame.context, (), None, "namespace")
    walk.variables.put(item, dict(args.named))
    return walk.heap.single(item)


def _dict(walk: Walk, node: s.Call, args: Arguments) -> Value:
    item = walk.heap.make(Kind.DICT, node, walk.frame.context)
    walk.variables.put(item, dict(args.named))
    for value in args.placed:
        for other in value:
            if other.kind is Kind.DICT:
                walk.variables.own(item).update(walk.variables.of(other))
    return walk.heap.single(item)


def _defaultdict(walk: Walk, node: s.Call, args: Arguments) -> Value:
    """A dict whose missing entries are, as far as we care, lists."""
    item = walk.heap.make(Kind.DICT, node, walk.frame.context)
    held = walk.heap.make(Kind.SEQUENCE, node, walk.frame.context)
    walk.variables.put(held, {})
    walk.variables.put(item, {"*": walk.heap.single(held)})
    return walk.heap.single(item)


def _save(walk: Walk, node: s.Call, args: Arguments) -> Value:
    for item in deep(walk, args.get(0, "obj")):
        walk.note("save", node, item)
    return UNKNOWN


_SPECIAL: dict[str, Callable[[Walk, s.Call, Arguments], Value]] = {
    "getattr": _getattr,
    "setattr": _setattr,
    "functools.partial": _partial,
    "next": _next,
    "super": _super,
    "exit": _exit,
    "quit": _exit,
    "sys.exit": _exit,
    "os._exit": _exit,
    "copy.deepcopy": _deepcopy,
    "copy.copy": _deepcopy,
    "isinstance": _type_of,
    "hasattr": _type_of,
    "type": _type_of,
    "id": _type_of,
    "print": _type_of,
    "sum": _sum,
    "dict": _dict,
    "collections.OrderedDict": _dict,
    "collections.defaultdict": _defaultdict,
    "argparse.Namespace": _namespace,
    "types.SimpleNamespace": _namespace,
    **dict.fromkeys(knowledge.PARSERS, _parser),
    **dict.fromkeys(knowledge.CONFIGURATIONS, _configuration),
    "torch.multiprocessing.spawn": _spawn,
    "torch.multiprocessing.Process": _thread,
    "multiprocessing.Process": _thread,
    "threading.Thread": _thread,
    "torch.autograd.backward": _autograd_backward,
    "torch.save": _save,
}


# ---------------------------------------------------------------- methods, by what they are called on

# moves and modes: they give back what they are called on
SAME = frozenset(
    """to cuda cpu xpu npu train eval float double half bfloat16 requires_grad_ apply type share_memory share_memory_ to_empty
    pin_memory coalesce""".split()
)


def _model_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name in SAME:
        return walk.heap.single(item)
    owner = whole(item)
    if name in ("parameters", "named_parameters", "trainable_parameters"):
        of = (item, owner) if item.kind is Kind.PART else (owner,)
        return walk.heap.value(Kind.PARAMETERS, None, None, of, None, label=item.label)
    if name in ("forward", "__call__"):
        return _forward(walk, item, node, args)
    if name == "state_dict":
        return walk.heap.value(Kind.STATE, None, None, (item,), label=item.label)
    if name in ("modules", "named_modules", "children", "named_children", "buffers", "named_buffers"):
        part = walk.heap.value(Kind.PART, None, None, (item,), "*", label=f"{item.label}[*]")
        pair = sequence(walk, node, (UNKNOWN, part)) if name.startswith("named") else part
        return walk.heap.value(Kind.ITERATOR, node, walk.frame.context, (), ("same", pair))
    if name in ("zero_grad", "load_state_dict", "register_buffer", "add_module", "register_forward_hook"):
        return UNKNOWN
    if item.kind is Kind.MODEL and item.data.__class__ is Object:
        found = class_member(walk, item.data, name, item, None)
        if found is not None:
            return join_all(call_object(walk, part, node, args) for part in found) or UNKNOWN
    if item.kind is Kind.PART and name in ("append", "extend", "insert", "add"):
        return _append_to_part(walk, item, args)
    if name == "backward" and item.kind is Kind.PART:
        walk.note("backward", node, item, "tensor", frozenset({item}))
        return UNKNOWN
    method = walk.heap.make(Kind.PART, None, None, (item,), name, label=f"{item.label}.{name}")
    given = frozenset().union(*(roots(deep(walk, value)) for value in args.all()))
    _escape(walk, node, args, method)
    return walk.heap.tensor(given | {method})


def _append_to_part(walk: Walk, item: Object, args: Arguments) -> Value:
    """``model.saved.append(x)``: the attribute is a list that the script keeps on its model."""
    owner, name = item.of[0], str(item.data)
    known = walk.variables.of(owner).get(name)
    held = walk.heap.make(Kind.SEQUENCE, None, None, (owner.raw,), name, label=item.label)
    values = walk.variables.of(held)
    value = args.placed[-1] if args.placed else UNKNOWN
    walk.variables.own(held)["*"] = join(values["*"], value) if "*" in values else value
    for place in (owner, owner.raw):
        walk.variables.own(place)[name] = (
            walk.heap.single(held) if known is None else join(known, walk.heap.single(held))
        )
    return UNKNOWN


def _tensor_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "backward":
        walk.note("backward", node, item, "tensor", frozenset(roots(walk.heap.single(item))))
        return UNKNOWN
    if item.kind is Kind.BATCH:
        if name in knowledge.VIEWS or name in SAME - {"cpu", "apply"}:
            return walk.heap.single(item)
        if name in ("items", "values", "keys"):
            return walk.heap.value(
                Kind.ITERATOR,
                node,
                walk.frame.context,
                (),
                ("pair" if name == "items" else "same", walk.heap.single(item)),
            )
        if name == "get":
            return walk.heap.single(item)
    elif item.kind is Kind.FRESH and (name in SAME or name in knowledge.VIEWS or name.endswith("_")):
        return walk.heap.single(item)
    if name in ("item", "size", "tolist", "numel", "dim", "numpy", "nelement", "get_device", "element_size"):
        return UNKNOWN
    if name.startswith("new_"):
        return walk.heap.value(Kind.FRESH, node, walk.frame.context, label=name)
    if name in ("items", "values"):
        return walk.heap.value(
            Kind.ITERATOR, node, walk.frame.context, (), ("pair" if name == "items" else "same", walk.heap.single(item))
        )
    _run_callbacks(walk, args)
    return computed(walk, [walk.heap.single(item), *args.all()])


def _optimizer_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name in ("step", "zero_grad") and args.placed:
        _run_callbacks(walk, args)  # a closure
    if name == "state_dict":
        return walk.heap.value(Kind.STATE, None, None, (item,), label=item.label)
    if name == "backward":  # apex, old DeepSpeed: optimizer.backward(loss)
        for value in args.placed:
            for inner in value:
                walk.note("backward", node, inner, "optimizer", frozenset(roots(walk.heap.single(inner))))
    return UNKNOWN


def _loader_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "__iter__":
        return walk.heap.value(
            Kind.ITERATOR, node, walk.frame.context, (), ("same", element(walk, walk.heap.single(item)))
        )
    return UNKNOWN


def _iterator_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name in ("next", "__next__"):
        return walk.iterate(node, walk.heap.single(item))
    if name == "__iter__":
        return walk.heap.single(item)
    return UNKNOWN


def _sequence_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    own = walk.variables.of(item)
    if name in ("append", "add", "insert", "extend", "appendleft"):
        value = args.placed[-1] if args.placed else UNKNOWN
        value = (
            element(walk, value) if name == "extend" and not any(x.kind is Kind.PARAMETERS for x in value) else value
        )
        walk.variables.own(item)["*"] = join(own["*"], value) if "*" in own else value
        for inner in value:
            walk.note("store", node, inner, (item, "*"))
        return UNKNOWN
    if name in ("pop", "popleft", "__getitem__"):
        return join_all(own.values()) or UNKNOWN
    if name == "copy":
        return walk.heap.single(item)
    return UNKNOWN


def _dict_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    own = walk.variables.of(item)
    if name == "items":
        pair = sequence(walk, node, (UNKNOWN, join_all(own.values()) or UNKNOWN))
        exact = 0 < len(own) <= 4 and "*" not in own
        return walk.heap.value(Kind.ITERATOR, node, walk.frame.context, (item,), ("items" if exact else "same", pair))
    if name == "values":
        return walk.heap.value(
            Kind.ITERATOR, node, walk.frame.context, (item,), ("same", join_all(own.values()) or UNKNOWN)
        )
    if name in ("get", "pop", "setdefault"):
        keys = [x.label for x in args.get(0) if x.kind is Kind.CONSTANT]
        if len(keys) == 1 and keys[0] in own:
            return own[keys[0]]
        return join_all([*own.values(), *args.placed[1:]]) or UNKNOWN
    if name == "update":
        own = walk.variables.own(item)
        own.update(args.named)
        for value in args.placed:
            for other in value:
                if other.kind is Kind.DICT:
                    own.update(walk.variables.of(other))
                elif other.kind is not Kind.CONSTANT:
                    own.setdefault("*", UNKNOWN)
        return UNKNOWN
    if name == "copy":
        return walk.heap.single(item)
    return UNKNOWN


def _opaque_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name in SAME:
        return walk.heap.single(item)
    if name == "backward":
        walk.note("backward", node, item, "opaque", frozenset({item}))
        return UNKNOWN
    if name in ("parameters", "named_parameters", "trainable_parameters"):
        return walk.heap.value(Kind.PARAMETERS, None, None, (item,), label=item.label)
    if name == "state_dict":
        return walk.heap.value(Kind.STATE, None, None, (item,), label=item.label)
    if name in ("step", "zero_grad", "load_state_dict"):
        _run_callbacks(walk, args)
        return walk.heap.value(Kind.OPAQUE, node, walk.frame.context, (), "result", label=f"{item.label}.{name}()")
    if item.kind is Kind.OPTION and re.match(r"parse_(known_)?args", name):
        value = _parse_args(walk, node, args)
        return sequence(walk, node, (value, UNKNOWN)) if name == "parse_known_args" else value
    if (
        item.data is not None
        and item.data.__class__ is tuple
        and re.search(r"rgument_?[Pp]arser|parser", item.label)
        and name.startswith("parse")
    ):
        return _parse_args(walk, node, args)
    if "ArgumentParser" in item.label and name.startswith("parse_"):
        value = _parse_args(walk, node, args)
        return sequence(walk, node, (value, UNKNOWN)) if name == "parse_known_args" else value
    inner = walk.heap.make(item.kind, None, None, (item,), ("attr", name), label=f"{item.label}.{name}")
    return _opaque_result(walk, inner, node, args)


def _accelerator_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "prepare":
        made = [frozenset(walk.heap.prepare(x) for x in value) for value in args.placed]
        if args.starred:
            return UNKNOWN
        for value in args.placed:
            for inner in value:
                walk.note("prepared", node, inner)
        return made[0] if len(made) == 1 else sequence(walk, node, made)
    if name in ("prepare_model", "prepare_data_loader", "prepare_optimizer", "prepare_scheduler", "skip_first_batches"):
        return frozenset(walk.heap.prepare(x) for x in args.get(0)) or UNKNOWN
    if name == "unwrap_model":
        return frozenset(x.raw for x in args.get(0, "model")) or UNKNOWN
    if name == "backward":
        for inner in args.get(0, "loss"):
            walk.note("backward", node, inner, "accelerator", frozenset(roots(walk.heap.single(inner))))
        return UNKNOWN
    if name == "save":
        return _save(walk, node, args)
    if name in ("gather", "gather_for_metrics", "reduce", "pad_across_processes"):
        return args.get(0) or UNKNOWN
    return UNKNOWN


def _scaler_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "scale":
        return args.get(0) or UNKNOWN
    if name == "step":
        for inner in args.get(0):
            walk.note("call", node, inner, "step")
    return UNKNOWN


def _super_or_instance(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if item.context == "super":
        me, *bases = item.of
        for base in bases:
            found = class_member(walk, base, name, me, None)
            if found is not None:
                return join_all(call_object(walk, part, node, args) for part in found) or UNKNOWN
        return UNKNOWN
    target = member(walk, item, name, node.func)
    walk.log.values[node.func] = target
    return join_all(call_object(walk, part, node, args) for part in target) or UNKNOWN


def _quiet_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "state_dict":
        return walk.heap.value(Kind.STATE, None, None, (item,), label=item.label)
    return UNKNOWN


def _parameters_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    return walk.heap.single(item)


def _device_method(walk: Walk, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "format" and ":" in str(item.data):
        return walk.heap.value(Kind.DEVICE, node, data="option", label="cuda:?")
    return UNKNOWN


METHODS: dict[Kind, Callable[[Walk, Object, str, s.Call, Arguments], Value]] = {
    Kind.MODEL: _model_method,
    Kind.PART: _model_method,
    Kind.CRITERION: _model_method,
    Kind.BATCH: _tensor_method,
    Kind.TENSOR: _tensor_method,
    Kind.FRESH: _tensor_method,
    Kind.OPTIMIZER: _optimizer_method,
    Kind.SCHEDULER: _quiet_method,
    Kind.SAMPLER: _quiet_method,
    Kind.LOADER: _loader_method,
    Kind.ITERATOR: _iterator_method,
    Kind.SEQUENCE: _sequence_method,
    Kind.DICT: _dict_method,
    Kind.OPAQUE: _opaque_method,
    Kind.OPTION: _opaque_method,
    Kind.ACCELERATOR: _accelerator_method,
    Kind.SCALER: _scaler_method,
    Kind.INSTANCE: _super_or_instance,
    Kind.PARAMETERS: _parameters_method,
    Kind.FLAG: _quiet_method,
    Kind.DEVICE: _device_method,
}

__all__ = ["MAYBE_UNBOUND", "call", "call_unseen", "class_kind", "class_member", "decorated", "truth_of"]
