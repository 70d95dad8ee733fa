"""The wrapper that `prepare` puts around a model: uses that need the model itself, and calls that bypass the wrapper."""

from __future__ import annotations

from collections.abc import Iterator

from migrator.inference.element import whole
from migrator.inference.objects import Kind, Object
from migrator.inference.trace import (
    AttributeAssigned,
    AttributeRead,
    Called,
    Escaped,
    Event,
    Forwarded,
    Given,
    ItemRead,
    Saved,
    Stored,
    Wrapped,
)
from migrator.inference.truth import asks_for_wrapper
from migrator.rules.change import ACCELERATOR, Change, Level, Step
from migrator.rules.fact import FOR_PREPARED, UNWRAPPED, prepare_obliges
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.components import is_own_frame, is_own_method, key_of
from migrator.training.training import Training

# what may be done with a prepared object as with the raw one
SAFE_CALLS = {
    Kind.MODEL: frozenset(
        {"train", "eval", "parameters", "zero_grad", "requires_grad_", "forward", "to", "cuda", "cpu"}
    ),
}

# functions that need the module itself: they copy or export it
_COPIES = frozenset({"copy.deepcopy", "torch.onnx.export", "torch.jit.trace", "torch.jit.script"})


def wrapped_uses(training: Training) -> list[tuple[s.Node, Event]]:
    """Expressions that hold a prepared model where the model itself is needed, each with its use."""
    found: dict[s.Expression, Event] = {}
    for event in training.after.trace.events:
        item = event.item
        if not item.prepared or item.raw.kind not in (Kind.MODEL, Kind.OPAQUE) or not _is_model(training, item.raw):
            if not (isinstance(event, Saved) and item.kind is Kind.STATE):
                continue
        node = _wanted_raw(training, event)
        if node is not None and not _is_unwrapped(training, node):
            found.setdefault(node, event)
    return list(found.items())


def _is_model(training: Training, item: Object) -> bool:
    return item.kind is Kind.MODEL or key_of(item) in training.model_keys


def _is_unwrapped(training: Training, node: s.Node) -> bool:
    parent = node.parent
    call = parent.parent if isinstance(parent, s.Argument) else None
    return isinstance(call, s.Call) and isinstance(call.func, s.Attribute) and call.func.name == "unwrap_model"


def _wanted_raw(training: Training, event: Event) -> s.Expression | None:
    """The expression to unwrap for an event; None if the wrapper works as well."""
    match event:
        case Called(node=s.Call(func=s.Attribute() as func), method=name):
            safe = name in SAFE_CALLS[Kind.MODEL] and not _is_own(event.item, name)
            return None if safe else func.value
        case AttributeRead(node=s.Attribute() as node, name=name) | AttributeAssigned(node=node, name=name):
            called = isinstance(node.parent, s.Call) and node.parent.func is node
            return None if name == "training" or (called and name in SAFE_CALLS[Kind.MODEL]) else node.value
        case ItemRead():
            return event.node.value
        case Saved():
            return _argument_holding(training, event.node, event.item) if event.item.prepared else None
        case Given(function=name) | Wrapped(function=name):
            return _argument_holding(training, event.node, event.item) if name in _COPIES else None
        case Escaped(node=s.Call() as node, to=Object(kind=Kind.LIBRARY | Kind.OPAQUE | Kind.OPTION)):
            return None if _feeds_loss(training, node) else _argument_holding(training, node, event.item)
        case _:
            return None


def _is_own(item: Object, name: str) -> bool:
    """Whether a model's class overrides a method of torch.nn.Module, which its wrapper does not call."""
    cls = item.data
    return name != "forward" and cls.__class__ is Object and cls.kind is Kind.CLASS and name in cls.site.methods()


def _feeds_loss(training: Training, call: s.Call) -> bool:
    """Whether a call's result is part of a loss: unseen code that runs the model must get the wrapper."""
    made = training.value(call)
    roots = {x for item in made for x in (item.of if item.kind is Kind.TENSOR else (item,))}
    return any(roots & event.roots for event in training.components_after.backwards) and any(
        x.kind is Kind.TENSOR for x in made
    )


def _argument_holding(training: Training, call: s.Call, item: Object) -> s.Expression | None:
    """The expression that passes an object to a call: in an argument, or where a container argument was filled."""
    found = next((x for arg in call.args for x in _holding(training, arg.value, item)), None)
    if found is not None:
        return found
    containers = {x for arg in call.args for x in training.value(arg.value) if x.kind in (Kind.DICT, Kind.SEQUENCE)}
    for container in containers:
        if container.site is not None:
            found = next(_holding(training, container.site, item), None)
        for event in training.components_after.events_of(item.raw, Stored) if found is None else ():
            value = getattr(event.node.statement, "value", None)
            if event.item is item and event.owner is container and value is not None:
                found = next(_holding(training, value, item), None)
        if found is not None:
            return found
    return None


def _holding(training: Training, node: s.Node, item: Object) -> Iterator[s.Expression]:
    """The variables within an expression that may hold an object."""
    for part in node.walk():
        if (
            isinstance(part, (s.Name, s.Attribute))
            and item in training.value(part)
            and not _is_unwrapped(training, part)
        ):
            yield part


def wrapper_questions(training: Training) -> list[tuple[s.Conditional, s.Expression]]:
    """Conditional expressions that unwrap a prepared model if it is wrapped, each with the model's expression."""
    found = []
    for module in training.modules:
        for node in module.nodes(s.Conditional):
            model = node.test.argument(0) if isinstance(node.test, s.Call) and asks_for_wrapper(node.test) else None
            if model is not None and any(x.prepared for x in training.value(model)):
                found.append((node, model))
    return found


class Unwrap(Rule):
    """Access attributes and methods of a prepared model through `unwrap_model`.

    What: `model.hidden_size`, `model.state_dict()`, `model.init_hidden(n)` become
    `accelerator.unwrap_model(model).hidden_size` and so on, wherever `model` may hold what `prepare` returned.
    Why: the DDP wrapper has none of them, and the keys of its `state_dict` start with `module.`.
    Safety: safe; on one process `unwrap_model` returns the model itself.
    Source: Accelerate's `Accelerator.unwrap_model`.
    """

    code = "MIG207"
    name = "model-attribute"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if training.placement.interpreter is None:
            return
        whole = {part for node, _ in wrapper_questions(training) for part in node.walk()}
        for node, event in wrapped_uses(training):
            if node in whole:
                continue  # MIG504
            module = training.module_of(node)
            yield unwrap_change(_code_for(event), module, node, event)


def _code_for(event: Event) -> str:
    name = _name_of(event)
    if name == "state_dict" or isinstance(event, Saved):
        return "MIG501"
    if name == "load_state_dict":
        return "MIG503"
    return "MIG504" if name == "module" else "MIG207"


def _name_of(event: Event) -> str:
    """What an event does with a model, in the words of the message; nothing where it takes the model as a whole."""
    match event:
        case Called(method=name) | AttributeRead(name=name) | AttributeAssigned(name=name):
            return name
        case Given(function=name) | Wrapped(function=name):
            return name
        case ItemRead():
            return "[]"
        case _:
            return ""


def unwrap_change(code: str, module: Module, node: s.Node, event: Event) -> Change:
    """Wrap an expression in ``accelerator.unwrap_model(...)``."""
    span = module.outer(node)
    text = module.text(node)
    steps: tuple[Step, ...] = (
        Step(module, node, Replace(Span(span.start, span.start), f"{ACCELERATOR}.unwrap_model(", 3)),
        Step(module, node, Replace(Span(span.end, span.end), ")", -3)),
    )
    covers: frozenset[s.Node] = frozenset()
    if isinstance(event, AttributeRead) and event.name == "module":  # model.module is what unwrap_model gives
        covers = frozenset({event.node})
        end = module.span(event.node).end
        steps = (*steps[:1], Step(module, node, Replace(Span(span.end, end), ")")))
    name = _name_of(event)
    what = f"`{text}.{name}`" if name else f"`{text}`"
    return Change(
        code,
        module,
        node,
        f"Access {what} through `accelerator.unwrap_model({text})`",
        steps,
        requires=FOR_PREPARED,
        provides=frozenset({UNWRAPPED.of(node)}),
        obliges=prepare_obliges(UNWRAPPED.of(node)),
        covers=covers,
    )


class ForwardBypass(Rule):
    """Report losses that are computed without the `forward` of a prepared model.

    What: `loss = model.loss(x)`, `model.encoder(x)` and the like, if the result is back-propagated.
    Why: DDP synchronises gradients only for calls of the wrapper; on N processes the replicas would diverge without an
    error.
    Safety: blocks the program; none of its files is changed.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG903"
    name = "forward-bypass"
    effect = Effect.BLOCKS

    def check(self, training: Training) -> Iterator[Change]:
        for node, event in forward_bypasses(training):
            module = training.module_of(node)
            yield Change(
                self.code,
                module,
                node,
                f"`{module.text(node.func)}` computes a loss without the model's `forward`",
                level=Level.REVIEW,
                blocks=True,
                reason="gradients are synchronised only for calls of the model itself, so the replicas would diverge",
                help="let `forward` compute and return this loss, and call the model instead of the method",
            )
            _ = event


def forward_bypasses(training: Training) -> list[tuple[s.Call, Forwarded]]:
    """Calls that compute a loss from a prepared model without its forward: of a submodule, or of a method."""
    losses = (
        frozenset().union(*(event.roots for event in training.components_after.backwards))
        if training.components_after.backwards
        else frozenset()
    )
    found: dict[s.Call, Forwarded] = {}
    for event in training.events(Forwarded):
        item = event.item
        if item not in losses or not training.is_required(whole(item)):
            continue
        node = _outside(event, item)
        if node is not None:
            found.setdefault(node, event)
    return list(found.items())


def _outside(event: Event, item: Object) -> s.Call | None:
    """The call that enters a model otherwise than through its forward; None if it is the forward."""
    call: s.Node | None = event.node
    if is_own_method(event, whole(item)):
        frame = event.frame
        while frame.caller is not None and is_own_frame(frame.caller, whole(item)):
            frame = frame.caller
        unseen = frame.call is None and getattr(frame.node, "name", "") not in ("forward", "__call__")
        call = event.node if unseen else frame.call
    elif item.kind is not Kind.PART:
        return None
    return call if isinstance(call, s.Call) else None


RULES: tuple[type[Rule], ...] = (Unwrap, ForwardBypass)
