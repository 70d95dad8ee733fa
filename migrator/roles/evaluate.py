"""What an expression may be: one small function for each kind of expression."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from typing import Any

from migrator.roles import knowledge
from migrator.roles.element import computed, element, join_all, roots
from migrator.roles.place import note_meeting
from migrator.roles.role import (
    INERT,
    MAYBE_UNBOUND,
    NOTHING,
    UNBOUND,
    UNKNOWN,
    Kind,
    Object,
    Value,
    join,
)
from migrator.roles.state import Turn
from migrator.roles.walk import Walk
from migrator.source import syntax as s

_Evaluator = Callable[[Walk, Any], Value]
_EVALUATORS: dict[type, _Evaluator] = {}
_BUILTINS = frozenset(dir(builtins))
DEVICE_NAME = re.compile(r"(cuda|cpu|mps|xpu|npu|hpu|xla|gpu|hip)(:\d+|:\{\}|:%d|:)?$")
_INDEXED_TEXT = re.compile(r"(cuda|xpu|npu|hip):")


def evaluate(walk: Walk, node: Any) -> Value:
    """Give what an expression may be here, and note it among the facts."""
    value = _EVALUATORS[node.__class__](walk, node)
    facts = walk.log.values
    known = facts.get(node)
    if known is not value:
        facts[node] = value if known is None else known | value
    return value


def _evaluator(*kinds: type) -> Callable[[_Evaluator], _Evaluator]:
    def register(function: _Evaluator) -> _Evaluator:
        for kind in kinds:
            _EVALUATORS[kind] = function
        return function

    return register


# ---------------------------------------------------------------- names and attributes


@_evaluator(s.Name)
def _name(walk: Walk, node: s.Name) -> Value:
    return lookup(walk, node.id, node)


def lookup(walk: Walk, name: str, node: Any = None) -> Value:
    """Give what a name holds in the current frame."""
    frame: Any = walk.frame
    variables = walk.variables
    while frame is not None:
        names = variables.names.get(frame)
        if names is not None and name in names:
            value = names[name]
            if UNBOUND in value and len(value) > 1 and node is not None:
                return value - MAYBE_UNBOUND
            return value
        frame = frame.outer
    if name == "__name__":
        return constant(walk, "__main__" if walk.frame.module is walk.program.entry else "", settled=True)
    if name in _BUILTINS:
        return walk.heap.value(Kind.LIBRARY, None, data=name, label=name)
    walk.missed = True
    return walk.heap.value(Kind.OPAQUE, None, None, (), ("name", id(walk.frame.module), name), label=name)


def constant(walk: Walk, data: Any, settled: bool = False) -> Value:
    """Give a constant; a settled one may decide which way an `if` goes.

    What a script says once in its head is a setting that its user will change, so it settles nothing; what a loop over
    literals or a call hands over does.
    """
    return walk.heap.value(
        Kind.CONSTANT, None, "settled" if settled else None, (), (type(data).__name__, data), str(data)
    )


@_evaluator(s.Attribute)
def _attribute(walk: Walk, node: s.Attribute) -> Value:
    found: Value = NOTHING
    for item in evaluate(walk, node.value):
        value = member(walk, item, node.name, node)
        found = join(found, value) if found else value
    return found or UNKNOWN


def member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    """Give an attribute of an object."""
    own = walk.variables.names.get(item)
    if own is not None and name in own and item.kind is not Kind.CLASS:  # a class binds what it gives
        walk.note("attribute", node, item, name)
        value = own[name]
        return value - MAYBE_UNBOUND if len(value) > 1 else value
    handler = _MEMBERS.get(item.kind)
    return handler(walk, item, name, node) if handler is not None else UNKNOWN


def _library_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    full = f"{item.data}.{name}"
    if knowledge.TENSOR_TYPE.match(full):
        return walk.heap.value(Kind.TYPE, node, None, (), full, label=full)
    return walk.heap.value(Kind.LIBRARY, None, data=full, label=full)


def _module_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    names = walk.variables.of(item.data)
    if name in names:
        return names[name]
    return walk.heap.value(Kind.OPAQUE, None, None, (item,), ("name", name), label=f"{item.label}.{name}")


def _instance_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    found = walk.class_member(item.data, name, item, node)
    return (
        found
        if found is not None
        else walk.heap.value(Kind.OPAQUE, None, None, (item,), ("attr", name), label=f"{item.label}.{name}")
    )


def _class_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    found = walk.class_member(item, name, None, node)
    return found if found is not None else UNKNOWN


def _model_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    walk.note("attribute", node, item, name)
    if name == "module" and not (item.data.__class__ is Object and walk.class_member(item.data, name, None, None)):
        return walk.heap.single(item.raw)  # what a wrapper calls the model inside
    if item.data is not None and item.data.__class__ is Object:
        found = walk.class_member(item.data, name, item, node)
        if found is not None:
            return found
    return walk.heap.value(Kind.PART, None, None, (item,), name, label=f"{item.label}.{name}")


def _part_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    return walk.heap.value(Kind.PART, None, None, (item,), name, label=f"{item.label}.{name}")


def _batch_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    if name in knowledge.VIEWS:
        return walk.heap.single(item)
    if name in ("shape", "dtype", "device", "ndim"):
        return walk.heap.value(Kind.DEVICE, node, data="of tensor") if name == "device" else UNKNOWN
    return walk.heap.tensor(frozenset((item,)))


def _tensor_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    if name == "device":
        return walk.heap.value(Kind.DEVICE, node, data="of tensor")
    return UNKNOWN if name in ("shape", "dtype", "ndim") else walk.heap.single(item)


def _opaque_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    walk.note("attribute", node, item, name)
    return walk.heap.value(item.kind, None, None, (item,), ("attr", name), label=f"{item.label}.{name}")


def _loader_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    walk.note("attribute", node, item, name)
    if name == "sampler" or name == "batch_sampler":
        return walk.heap.value(Kind.SAMPLER, None, None, (item,), name, label=f"{item.label}.{name}")
    return walk.heap.value(Kind.OPTION, None, None, (item,), ("attr", name), label=f"{item.label}.{name}")


def _noted_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    walk.note("attribute", node, item, name)
    if item.kind is Kind.ACCELERATOR and name == "device":
        return walk.heap.value(Kind.DEVICE, node, data="accelerator")
    return UNKNOWN


def _device_member(walk: Walk, item: Object, name: str, node: Any) -> Value:
    walk.note("attribute", node, item, name)
    return UNKNOWN


_MEMBERS: dict[Kind, Callable[[Walk, Object, str, Any], Value]] = {
    Kind.LIBRARY: _library_member,
    Kind.MODULE: _module_member,
    Kind.INSTANCE: _instance_member,
    Kind.CLASS: _class_member,
    Kind.MODEL: _model_member,
    Kind.PART: _part_member,
    Kind.BATCH: _batch_member,
    Kind.TENSOR: _tensor_member,
    Kind.FRESH: _tensor_member,
    Kind.OPAQUE: _opaque_member,
    Kind.OPTION: _opaque_member,
    Kind.LOADER: _loader_member,
    Kind.OPTIMIZER: _noted_member,
    Kind.SCHEDULER: _noted_member,
    Kind.CRITERION: _noted_member,
    Kind.ACCELERATOR: _noted_member,
    Kind.DEVICE: _device_member,
}


@_evaluator(s.Subscript)
def _subscript(walk: Walk, node: s.Subscript) -> Value:
    base = evaluate(walk, node.value)
    index = [evaluate(walk, part) for part in node.index]
    found: Value = NOTHING
    for item in base:
        value = _item(walk, item, node, index)
        found = join(found, value) if found else value
    return found or UNKNOWN


def _item(walk: Walk, item: Object, node: s.Subscript, index: list[Value]) -> Value:
    kind = item.kind
    if kind in (Kind.SEQUENCE, Kind.DICT):
        return _container_item(walk, item, index)
    if kind in (Kind.BATCH, Kind.FRESH):
        extra = roots(join_all(index))
        return walk.heap.tensor(extra | {item}) if extra - {item} else walk.heap.single(item)
    if kind is Kind.TENSOR:
        return walk.heap.tensor(frozenset(item.of) | roots(join_all(index)))
    if kind in (Kind.MODEL, Kind.PART):
        walk.note("item", node, item, "[]")
        return walk.heap.value(Kind.PART, None, None, (item,), "[]", label=f"{item.label}[]")
    if kind is Kind.LIBRARY:
        return walk.heap.value(Kind.LIBRARY, None, data=_picked(item.data), label=item.label)
    if kind is Kind.DATASET:
        return walk.heap.value(Kind.FRESH, item.site, None, (), "sample", label=item.label)
    if kind in (Kind.OPAQUE, Kind.OPTION, Kind.STATE):
        key = next(iter(index[0])).label if len(index) == 1 and len(index[0]) == 1 else ""
        made = Kind.OPAQUE if kind is Kind.STATE else kind
        return walk.heap.value(made, None, None, (item,), ("item", key), label=f"{item.label}[{key}]")
    if kind is Kind.LOADER:
        walk.note("item", node, item, "[]")
    return UNKNOWN


def _picked(name: str) -> str:
    """``torchvision.models.__dict__[x]`` picks a member of ``torchvision.models``."""
    return f"{name.removesuffix('.__dict__')}.?"


def _container_item(walk: Walk, item: Object, index: list[Value]) -> Value:
    own = walk.variables.of(item)
    keys = {_key(x) for x in index[0]} if len(index) == 1 else {None}
    if None in keys:
        return join_all(own.values()) or UNKNOWN
    found = join_all(own[key] for key in keys if key in own)
    if "*" in own:
        found = join(found, own["*"]) if found else own["*"]
    return found - MAYBE_UNBOUND or UNKNOWN


def _key(item: Object) -> str | None:
    if item.kind is Kind.CONSTANT and item.data[0] in ("str", "int"):
        return str(item.data[1])
    if item.kind is Kind.DEVICE and isinstance(item.site, s.Literal):
        return str(item.site.value)
    return None


# ---------------------------------------------------------------- literals, operators


@_evaluator(s.Literal)
def _literal(walk: Walk, node: s.Literal) -> Value:
    data = node.value
    if data.__class__ is str:
        if len(data) < 9 and DEVICE_NAME.match(data):
            return walk.heap.value(Kind.DEVICE, node, data=data, label=data)
        return constant(walk, data) if len(data) < 40 else UNKNOWN
    if data is None or data.__class__ in (bool, int):
        return constant(walk, data)
    return UNKNOWN


@_evaluator(s.Text)
def _text(walk: Walk, node: s.Text) -> Value:
    for part in node.parts:
        evaluate(walk, part)
    first = next(iter(getattr(node.cst, "parts", ())), None)
    if _INDEXED_TEXT.match(str(getattr(first, "value", ""))):
        return _picked_device(walk, node)
    return UNKNOWN


def _picked_device(walk: Walk, node: Any) -> Value:
    """A device whose index is worked out: ``f"cuda:{gpu}"``, ``"cuda:%d" % gpu``."""
    return walk.heap.value(Kind.DEVICE, node, data="option", label="cuda:?")


@_evaluator(s.Collection)
def _collection(walk: Walk, node: s.Collection) -> Value:
    parts: dict[str, Value] = {}
    for index, item in enumerate(node.items):
        if isinstance(item, s.Starred):
            inner = evaluate(walk, item.value)
            parts["*"] = join_all([parts.get("*", NOTHING), element(walk, inner)]) or UNKNOWN
        else:
            parts[str(index)] = evaluate(walk, item)
    made = walk.heap.make(Kind.SEQUENCE, node, walk.frame.context)
    walk.variables.put(made, parts)
    if node.kind == "list":
        for index, item in enumerate(node.items):
            _note_elements(walk, item, parts.get(str(index), NOTHING), (made, str(index)))
    return walk.heap.single(made)


@_evaluator(s.Mapping)
def _mapping(walk: Walk, node: s.Mapping) -> Value:
    parts: dict[str, Value] = {}
    elements: list[tuple[Any, Value, str]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            for item in evaluate(walk, value):
                if item.kind is Kind.DICT:
                    parts.update(walk.variables.of(item))
            continue
        keys = [_key(item) for item in evaluate(walk, key)]
        name = keys[0] if len(keys) == 1 and keys[0] is not None else "*"
        made = evaluate(walk, value)
        parts[name] = join(parts[name], made) if name in parts else made
        elements.append((value, made, name))
    item = walk.heap.make(Kind.DICT, node, walk.frame.context)
    walk.variables.put(item, parts)
    for part, made, name in elements:
        _note_elements(walk, part, made, (item, name))
    return walk.heap.single(item)


@_evaluator(s.Binary)
def _binary(walk: Walk, node: s.Binary) -> Value:
    left, right = evaluate(walk, node.left), evaluate(walk, node.right)
    if left is UNKNOWN and right is UNKNOWN:
        return UNKNOWN
    if any(x.kind is Kind.DEVICE and _INDEXED_TEXT.match(str(x.data)) for x in left):
        return _picked_device(walk, node)
    parts = [x for x in (*left, *right) if x.kind in (Kind.SEQUENCE, Kind.PARAMETERS, Kind.ITERATOR)]
    if parts and node.operator == "Add":  # list(a.parameters()) + list(b.parameters())
        return _joined_lists(walk, node, parts)
    note_meeting(walk, node, (left, right))
    return computed(walk, (left, right))


def _joined_lists(walk: Walk, node: Any, parts: list[Object]) -> Value:
    held = join_all(element(walk, walk.heap.single(part)) for part in parts)
    item = walk.heap.make(Kind.SEQUENCE, node, walk.frame.context)
    walk.variables.put(item, {"*": held})
    return walk.heap.single(item)


@_evaluator(s.Unary)
def _unary(walk: Walk, node: s.Unary) -> Value:
    value = evaluate(walk, node.operand)
    if node.operator == "not":
        truth = truth_of(value)
        return constant(walk, not truth, settled=True) if truth is not None else _as_flag(walk, node, value)
    return computed(walk, (value,))


@_evaluator(s.Boolean)
def _boolean(walk: Walk, node: s.Boolean) -> Value:
    left, right = evaluate(walk, node.left), evaluate(walk, node.right)
    if any(item.kind is Kind.FLAG for item in (*left, *right)):
        return walk.heap.value(Kind.FLAG, node)
    return join(left, right)


def _as_flag(walk: Walk, node: Any, value: Value) -> Value:
    return walk.heap.value(Kind.FLAG, node) if any(item.kind is Kind.FLAG for item in value) else UNKNOWN


@_evaluator(s.Compare)
def _compare(walk: Walk, node: s.Compare) -> Value:
    values = [evaluate(walk, node.left), *(evaluate(walk, item) for item in node.comparators)]
    for value, part in zip(values, (node.left, *node.comparators), strict=True):
        for item in value:
            walk.note("compare", part, item, node)
    if len(values) == 2:
        answer = _decide(node.operators[0], values[0], values[1])
        if answer is not None:
            return constant(walk, answer, settled=True)
    note_meeting(walk, node, values)
    return computed(walk, values)


_DEFINITE = frozenset(Kind) - {Kind.ANY, Kind.UNBOUND, Kind.CONSTANT, Kind.OPAQUE, Kind.OPTION, Kind.PART}


def _decide(operator: str, left: Value, right: Value) -> bool | None:
    """Answer a comparison where what is compared is settled."""
    if operator in ("is", "is not", "==", "!=") and len(right) == 1:
        (wanted,) = right
        if wanted.kind is Kind.CONSTANT:
            answers = {_equals(item, wanted) for item in left}
            if len(answers) == 1 and None not in answers:
                answer = answers.pop()
                return answer if operator in ("is", "==") else not answer
    return None


def _equals(item: Object, wanted: Object) -> bool | None:
    if item.kind is Kind.CONSTANT and item.context == "settled":
        return bool(item.data == wanted.data)
    if item.kind in _DEFINITE and wanted.data[1] is None:
        return False
    return None


def truth_of(value: Value) -> bool | None:
    """Say whether a value is true, where that is settled."""
    answers = {
        bool(item.data[1]) if item.kind is Kind.CONSTANT and item.context == "settled" else None for item in value
    }
    return answers.pop() if len(answers) == 1 else None


@_evaluator(s.Conditional)
def _conditional(walk: Walk, node: s.Conditional) -> Value:
    if asks_for_wrapper(node.test):  # model.module if hasattr(model, "module") else model
        evaluate(walk, node.test)
        return frozenset(x.raw for x in (*evaluate(walk, node.body), *evaluate(walk, node.orelse)))
    truth = truth_of(evaluate(walk, node.test))
    body = evaluate(walk, node.body) if truth is not False else NOTHING
    orelse = evaluate(walk, node.orelse) if truth is not True else NOTHING
    if truth is None and any(item.kind is Kind.FLAG for item in walk.log.values[node.test]):
        if {item.kind for item in (*body, *orelse)} <= {Kind.CONSTANT}:  # True if torch.cuda.is_available() else False
            return walk.heap.value(Kind.FLAG, node)
    return join_all(value for value in (body, orelse) if value)


def asks_for_wrapper(test: Any) -> bool:
    """Whether a condition is ``hasattr(model, "module")``."""
    if not isinstance(test, s.Call) or not isinstance(test.func, s.Name) or test.func.id != "hasattr":
        return False
    name = test.argument(1)
    return isinstance(name, s.Literal) and name.value == "module"


@_evaluator(s.Lambda)
def _lambda(walk: Walk, node: s.Lambda) -> Value:
    for param in node.params:
        if param.default is not None:
            walk.defaults[param] = evaluate(walk, param.default)
    return walk.heap.value(Kind.FUNCTION, node, walk.frame.context, (), (node, walk.frame), label="lambda")


@_evaluator(s.Comprehension)
def _comprehension(walk: Walk, node: s.Comprehension) -> Value:
    before = walk.variables.of(walk.frame)
    hidden = {name: before.get(name) for name in node.namespace.bound}
    held, exact = _comprehend(walk, node)
    names = walk.variables.own(walk.frame)
    for name, value in hidden.items():
        if value is None:
            names.pop(name, None)
        else:
            names[name] = value
    if node.kind == "generator" and not exact:
        return walk.heap.value(Kind.ITERATOR, node, walk.frame.context, (), ("same", held))
    item = walk.heap.make(Kind.DICT if node.kind == "dict" else Kind.SEQUENCE, node, walk.frame.context)
    walk.variables.put(item, exact or {"*": held})
    for key, value in exact.items():
        _note_elements(walk, node.value, value, (item, key))
    return walk.heap.single(item)


def _note_elements(walk: Walk, node: Any, value: Value, holder: tuple[Object, str]) -> None:
    """Note which container holds an object, and under which key."""
    for item in value:
        if item.kind not in INERT:
            walk.note("store", node, item, holder)


def _comprehend(walk: Walk, node: s.Comprehension) -> tuple[Value, dict[str, Value]]:
    """Walk a comprehension; its element, and where its turns can be told apart what each key or index holds."""
    first = node.generators[0]
    source = evaluate(walk, first.iter)
    turns = walk.each(source) if len(node.generators) == 1 and not first.tests else None
    exact: dict[str, Value] = {}
    held: Value = NOTHING
    context = walk.frame.context
    for number, turn in enumerate(turns or [walk.iterate(first.iter, source)]):
        if turns:
            walk.frame.context = (*context, Turn(node, number))
        walk.assign(first.target, turn)
        for test in first.tests:
            evaluate(walk, test)
        for part in node.generators[1:]:
            walk.assign(part.target, walk.iterate(part.iter, evaluate(walk, part.iter)))
            for test in part.tests:
                evaluate(walk, test)
        keys = [_key(x) for x in evaluate(walk, node.key)] if node.key is not None else [str(number)]
        value = evaluate(walk, node.value)
        if turns and len(keys) == 1 and keys[0] is not None:
            exact[keys[0]] = value
        held = join(held, value) if held else value
    walk.frame.context = context
    return held or UNKNOWN, exact if turns and len(exact) == len(turns) else {}


@_evaluator(s.Walrus)
def _walrus(walk: Walk, node: s.Walrus) -> Value:
    value = evaluate(walk, node.value)
    walk.assign(node.target, value)
    return value


@_evaluator(s.Starred, s.Await)
def _through(walk: Walk, node: Any) -> Value:
    return evaluate(walk, node.value)


@_evaluator(s.Yield)
def _yield(walk: Walk, node: s.Yield) -> Value:
    if node.value is not None:
        value = evaluate(walk, node.value)
        held = element(walk, value) if node.delegates else value
        walk.frame.yields = join(walk.frame.yields, held) if walk.frame.yields else held
    walk.frame.returns.append((UNKNOWN, walk.variables.copy()))  # whoever draws may go on from here and never come back
    return UNKNOWN


@_evaluator(s.Slice)
def _slice(walk: Walk, node: s.Slice) -> Value:
    for part in node.parts:
        evaluate(walk, part)
    return UNKNOWN


@_evaluator(s.Call)
def _call(walk: Walk, node: s.Call) -> Value:
    return walk.call(node)
