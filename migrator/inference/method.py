"""Methods, by what they are called on."""

from __future__ import annotations

import re
from collections.abc import Callable

from migrator.inference import knowledge
from migrator.inference.arguments import Arguments
from migrator.inference.builtin import parse_args, save
from migrator.inference.element import computed, copy_into, deep, element, join_all, roots, sequence, whole
from migrator.inference.function import escape
from migrator.inference.interpreter import Interpreter
from migrator.inference.local_class import class_member
from migrator.inference.member import member
from migrator.inference.objects import UNKNOWN, Kind, Object, Value, join
from migrator.inference.opaque import forward, opaque_result, run_callbacks
from migrator.inference.place import destination, placed, record_host, record_meeting
from migrator.inference.trace import Backpropagated, Called, Forwarded, Prepared, Route, Stored
from migrator.source import syntax as s

# moves and modes: they give back what they are called on
SAME = frozenset(
    """to cuda cpu xpu npu train eval float double half bfloat16 requires_grad_ apply type share_memory share_memory_ to_empty
    pin_memory coalesce""".split()
)


def _model_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name in SAME and not (item.kind is Kind.MODEL and _overrides(interpreter, item, name)):
        return interpreter.heap.single(item)
    owner = whole(item)
    if name in ("parameters", "named_parameters", "trainable_parameters"):
        of = (item, owner) if item.kind is Kind.PART else (owner,)
        return interpreter.heap.value(Kind.PARAMETERS, None, None, of, None, label=item.label)
    if name in ("forward", "__call__"):
        return forward(interpreter, item, node, args)
    if name == "state_dict":
        return interpreter.heap.value(Kind.STATE, None, None, (item,), label=item.label)
    if name in ("modules", "named_modules", "children", "named_children", "buffers", "named_buffers"):
        part = interpreter.heap.value(Kind.PART, None, None, (item,), "*", label=f"{item.label}[*]")
        pair = sequence(interpreter, node, (UNKNOWN, part)) if name.startswith("named") else part
        return interpreter.heap.value(Kind.ITERATOR, node, interpreter.frame.context, (), ("same", pair))
    if name in ("zero_grad", "load_state_dict", "register_buffer", "add_module", "register_forward_hook"):
        return UNKNOWN
    if item.kind is Kind.MODEL and item.data.__class__ is Object:
        found = class_member(interpreter, item.data, name, item, None)
        if found is not None:
            return join_all(interpreter.invoke(part, node, args) for part in found) or UNKNOWN
    if item.kind is Kind.PART and name in ("append", "extend", "insert", "add"):
        return _append_to_part(interpreter, item, args)
    if item.kind is Kind.PART and (name == "new" or name.startswith("new_")):
        return interpreter.heap.value(Kind.FRESH, node, interpreter.frame.context, label=name)
    if name == "backward" and item.kind is Kind.PART:
        interpreter.record(Backpropagated, node, item, Route.TENSOR, interpreter.heap.single(item))
        return UNKNOWN
    method = interpreter.heap.make(Kind.PART, None, None, (item,), name, label=f"{item.label}.{name}")
    given = frozenset().union(*(roots(deep(interpreter, value)) for value in args.all()))
    escape(interpreter, node, args, method)
    if any(x.kind is not Kind.PART for x in given):  # sizes are parts of a model as well, as far as we can see
        interpreter.record(Forwarded, node, method, given)
    return interpreter.heap.tensor(given | {method})


def _overrides(interpreter: Interpreter, item: Object, name: str) -> bool:
    """Whether a model's own class, or a local base of it, has a method of its own of a name that torch.nn.Module has."""
    return item.data.__class__ is Object and class_member(interpreter, item.data, name, None, None) is not None


def _append_to_part(interpreter: Interpreter, item: Object, args: Arguments) -> Value:
    """``model.saved.append(x)``: the attribute is a list that the script keeps on its model."""
    owner, name = item.of[0], str(item.data)
    known = interpreter.variables.of(owner).get(name)
    held = interpreter.heap.make(Kind.SEQUENCE, None, None, (owner.raw,), name, label=item.label)
    values = interpreter.variables.of(held)
    value = args.placed[-1] if args.placed else UNKNOWN
    interpreter.variables.own(held)["*"] = join(values["*"], value) if "*" in values else value
    for place in (owner, owner.raw):
        interpreter.variables.own(place)[name] = (
            interpreter.heap.single(held) if known is None else join(known, interpreter.heap.single(held))
        )
    return UNKNOWN


_WRITES = frozenset({"copy_", "set_", "index_copy_", "scatter_", "masked_scatter_", "add_"})


def _without_models(interpreter: Interpreter, item: Object) -> Value:
    """Give a tensor through which no gradient flows back: no model is behind it, but for what is else known of it."""
    left = frozenset(x for x in item.of if x.kind not in (Kind.MODEL, Kind.PART))
    return interpreter.heap.tensor(left) if left else interpreter.heap.single(item)


def _tensor_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "backward":
        interpreter.record(Backpropagated, node, item, Route.TENSOR, roots(interpreter.heap.single(item)))
        return UNKNOWN
    where = destination(name, args)
    if where:
        return placed(interpreter, item, where)
    if name == "numpy":
        record_host(interpreter, node, interpreter.heap.single(item))
    if name == "detach" and item.kind is Kind.TENSOR:
        return _without_models(interpreter, item)
    if item.kind is Kind.BATCH:
        if name in knowledge.VIEWS or name in SAME - {"apply"}:
            return interpreter.heap.single(item)
        if name in ("items", "values", "keys"):
            return interpreter.heap.value(
                Kind.ITERATOR,
                node,
                interpreter.frame.context,
                (),
                ("pair" if name == "items" else "same", interpreter.heap.single(item)),
            )
        if name == "get":
            return interpreter.heap.single(item)
    elif item.kind is Kind.FRESH and (name in SAME or name in knowledge.VIEWS or name.endswith("_")):
        if name in _WRITES:
            for value in args.all():
                copy_into(interpreter, item, value)
        return interpreter.heap.single(item)
    if name in ("item", "size", "tolist", "numel", "dim", "numpy", "nelement", "get_device", "element_size"):
        return UNKNOWN
    if name.startswith("new_"):
        return interpreter.heap.value(Kind.FRESH, node, interpreter.frame.context, label=name)
    if name in ("items", "values"):
        return interpreter.heap.value(
            Kind.ITERATOR,
            node,
            interpreter.frame.context,
            (),
            ("pair" if name == "items" else "same", interpreter.heap.single(item)),
        )
    run_callbacks(interpreter, args)
    values = [interpreter.heap.single(item), *args.all()]
    record_meeting(interpreter, node, values)
    return computed(interpreter, values)


def _optimizer_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name in ("step", "zero_grad") and args.placed:
        run_callbacks(interpreter, args)  # a closure
    if name == "state_dict":
        return interpreter.heap.value(Kind.STATE, None, None, (item,), label=item.label)
    if name == "backward":  # apex, old DeepSpeed: optimizer.backward(loss)
        for value in args.placed:
            for inner in value:
                interpreter.record(Backpropagated, node, inner, Route.OPTIMIZER, roots(interpreter.heap.single(inner)))
    return UNKNOWN


def _loader_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "__iter__":
        return interpreter.heap.value(
            Kind.ITERATOR,
            node,
            interpreter.frame.context,
            (),
            ("same", element(interpreter, interpreter.heap.single(item))),
        )
    return UNKNOWN


def _iterator_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name in ("next", "__next__"):
        return interpreter.iterate(node, interpreter.heap.single(item))
    if name == "__iter__":
        return interpreter.heap.single(item)
    return UNKNOWN


def _sequence_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    own = interpreter.variables.of(item)
    if name in ("append", "add", "insert", "extend", "appendleft"):
        value = args.placed[-1] if args.placed else UNKNOWN
        value = (
            element(interpreter, value)
            if name == "extend" and not any(x.kind is Kind.PARAMETERS for x in value)
            else value
        )
        interpreter.variables.own(item)["*"] = join(own["*"], value) if "*" in own else value
        for inner in value:
            interpreter.record(Stored, node, inner, item, "*")
        return UNKNOWN
    if name in ("pop", "popleft", "__getitem__"):
        return join_all(own.values()) or UNKNOWN
    if name == "copy":
        return interpreter.heap.single(item)
    return UNKNOWN


def _dict_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    own = interpreter.variables.of(item)
    if name == "items":
        pair = sequence(interpreter, node, (UNKNOWN, join_all(own.values()) or UNKNOWN))
        exact = 0 < len(own) <= 4 and "*" not in own
        return interpreter.heap.value(
            Kind.ITERATOR, node, interpreter.frame.context, (item,), ("items" if exact else "same", pair)
        )
    if name == "values":
        return interpreter.heap.value(
            Kind.ITERATOR, node, interpreter.frame.context, (item,), ("same", join_all(own.values()) or UNKNOWN)
        )
    if name in ("get", "pop", "setdefault"):
        keys = [x.label for x in args.get(0) if x.kind is Kind.CONSTANT]
        if len(keys) == 1 and keys[0] in own:
            return own[keys[0]]
        return join_all([*own.values(), *args.placed[1:]]) or UNKNOWN
    if name == "update":
        own = interpreter.variables.own(item)
        own.update(args.named)
        for value in args.placed:
            for other in value:
                if other.kind is Kind.DICT:
                    own.update(interpreter.variables.of(other))
                elif other.kind is not Kind.CONSTANT:
                    own.setdefault("*", UNKNOWN)
        return UNKNOWN
    if name == "copy":
        return interpreter.heap.single(item)
    return UNKNOWN


def _opaque_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    engine = any(x.kind in (Kind.LOADER, Kind.OPTIMIZER) for value in args.all() for x in value)
    if name in SAME and not engine:  # `engine.train(loader)` is no change of mode
        return interpreter.heap.single(item)
    if name == "backward":
        interpreter.record(Backpropagated, node, item, Route.OPAQUE, interpreter.heap.single(item))
        return UNKNOWN
    if name in ("parameters", "named_parameters", "trainable_parameters"):
        return interpreter.heap.value(Kind.PARAMETERS, None, None, (item,), label=item.label)
    if name == "state_dict":
        return interpreter.heap.value(Kind.STATE, None, None, (item,), label=item.label)
    if name in ("step", "zero_grad", "load_state_dict"):
        run_callbacks(interpreter, args)
        return interpreter.heap.value(
            Kind.OPAQUE, node, interpreter.frame.context, (), "result", label=f"{item.label}.{name}()"
        )
    if item.kind is Kind.OPTION and re.match(r"parse_(known_)?args", name):
        value = parse_args(interpreter, node, args)
        return sequence(interpreter, node, (value, UNKNOWN)) if name == "parse_known_args" else value
    if (
        item.data is not None
        and item.data.__class__ is tuple
        and re.search(r"rgument_?[Pp]arser|parser", item.label)
        and name.startswith("parse")
    ):
        return parse_args(interpreter, node, args)
    if "ArgumentParser" in item.label and name.startswith("parse_"):
        value = parse_args(interpreter, node, args)
        return sequence(interpreter, node, (value, UNKNOWN)) if name == "parse_known_args" else value
    inner = interpreter.heap.make(item.kind, None, None, (item,), ("attr", name), label=f"{item.label}.{name}")
    return opaque_result(interpreter, inner, node, args)


def _accelerator_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "prepare":
        made = [frozenset(interpreter.heap.prepare(x) for x in value) for value in args.placed]
        if args.starred:
            return UNKNOWN
        for value in args.placed:
            for inner in value:
                interpreter.record(Prepared, node, inner)
        return made[0] if len(made) == 1 else sequence(interpreter, node, made)
    if name in ("prepare_model", "prepare_data_loader", "prepare_optimizer", "prepare_scheduler", "skip_first_batches"):
        return frozenset(interpreter.heap.prepare(x) for x in args.get(0)) or UNKNOWN
    if name == "unwrap_model":
        return frozenset(x.raw for x in args.get(0, "model")) or UNKNOWN
    if name == "backward":
        for inner in args.get(0, "loss"):
            interpreter.record(Backpropagated, node, inner, Route.ACCELERATOR, roots(interpreter.heap.single(inner)))
        return UNKNOWN
    if name == "save":
        return save(interpreter, node, args)
    if name in ("gather", "gather_for_metrics", "reduce", "pad_across_processes"):
        return args.get(0) or UNKNOWN
    return UNKNOWN


def _scaler_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "scale":
        return args.get(0) or UNKNOWN
    if name == "step":
        for inner in args.get(0):
            interpreter.record(Called, node, inner, "step")
    return UNKNOWN


def _super_or_instance(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if item.context == "super":
        me, *bases = item.of
        for base in bases:
            found = class_member(interpreter, base, name, me, None)
            if found is not None:
                return join_all(interpreter.invoke(part, node, args) for part in found) or UNKNOWN
        return UNKNOWN
    target = member(interpreter, item, name, node.func)
    known = interpreter.trace.values.get(node.func)
    interpreter.trace.values[node.func] = target if known is None else join(known, target)
    return join_all(interpreter.invoke(part, node, args) for part in target) or UNKNOWN


def _quiet_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "state_dict":
        return interpreter.heap.value(Kind.STATE, None, None, (item,), label=item.label)
    return UNKNOWN


def _parameters_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    return interpreter.heap.single(item)


def _device_method(interpreter: Interpreter, item: Object, name: str, node: s.Call, args: Arguments) -> Value:
    if name == "format" and ":" in str(item.data):
        return interpreter.heap.value(Kind.DEVICE, node, data="option", label="cuda:?")
    return UNKNOWN


METHODS: dict[Kind, Callable[[Interpreter, Object, str, s.Call, Arguments], Value]] = {
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
