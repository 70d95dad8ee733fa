"""`prepare`: which objects, where, and what it asks of the code that uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migrator.roles import knowledge
from migrator.roles.element import whole
from migrator.roles.role import Kind, Object
from migrator.roles.state import Event
from migrator.roles.truth import asks_for_wrapper
from migrator.rules.change import ACCELERATOR, Change, Level, Step
from migrator.rules.rule import Rule, Safety
from migrator.source import syntax as s
from migrator.source.block import Insert, Replace
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.gap import Placement
from migrator.training.home import place_text
from migrator.training.inline import Inline
from migrator.training.structure import is_own_frame, is_own_method, key_of
from migrator.training.training import Training

_WIDTH = 88
_ORDER = (Kind.MODEL, Kind.OPTIMIZER, Kind.LOADER, Kind.SCHEDULER)

# what may be done with a prepared object as with the raw one
SAFE_CALLS = {
    Kind.MODEL: frozenset(
        {"train", "eval", "parameters", "zero_grad", "requires_grad_", "forward", "to", "cuda", "cpu"}
    ),
}


# functions that want the module itself: they copy it, or write it down
_COPIES = frozenset({"copy.deepcopy", "torch.onnx.export", "torch.jit.trace", "torch.jit.script"})


class Prepare(Rule):
    """Pass the models, optimizers, loaders and per-batch schedulers of the training through `prepare`.

    What: `model, optimizer, loader = accelerator.prepare(model, optimizer, loader)` is inserted after the last of them is
    built and before the first of them trains; where they live in different functions, each group where it is built.
    Why: `prepare` moves models to the device, wraps them for DDP, shards the loaders and moves their batches.
    Safety: safe. A second analysis that pretends the insertion must show that nothing trains unprepared; else MIG901.
    Source: Accelerate's `Accelerator.prepare`.
    """

    code = "MIG201"
    name = "insert-prepare"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.missing:
            return
        outcome = training.outcome
        needs = {"accelerator", "clear", *(f"backward:{id(event.node)}" for event in _live_backwards(training))}
        sites = tuple(dict.fromkeys(node for item in training.missing for node in _sites(training, item)))
        if outcome.obstacle is not None:
            yield Change(
                self.code,
                *_located(training, sites[0]),
                self._message(training),
                level=Level.REVIEW,
                reason="no safe place (MIG901)",
                waits=True,
                alike=sites,
            )
            return
        steps = [step for placement in _merged(outcome.placements) for step in _insertion(training, placement)]
        steps += [step for x in outcome.inlines for step in _wrapping(training, x)]
        if not steps:
            return
        yield Change(
            self.code,
            *_located(training, sites[0]),
            self._message(training),
            tuple(steps),
            needs=frozenset(needs | obligations(training)),
            gives=frozenset({"prepared"}),
            alike=sites[1:],
        )

    def _message(self, training: Training) -> str:
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(_holder(training, item) for item in training.missing))
        return f"Pass {names} through `accelerator.prepare`"


def _live_backwards(training: Training) -> list[Event]:
    """The backward calls that the program gets to; all of them where it gets to none, as in a library."""
    own = [event for event in training.structure.backwards if event.detail in ("tensor", "opaque")]
    live = [event for event in own if isinstance(list(event.frame.chain())[-1].node, s.Root)]
    return live or own


def _sites(training: Training, item: Object) -> Iterator[Any]:
    """The nodes that an object is reported at: where it is made (else first seen), and the calls of its factories."""
    yield item.site if item.site is not None else training.structure.by_item[item][0].node
    for event in training.structure.by_item[item]:
        value = (
            getattr(event.node.statement, "value", None)
            if event.kind == "store" and isinstance(event.node, (s.Name, s.Attribute))
            else None
        )
        if isinstance(value, s.Call) and value is not item.site and value in (item.context or ()):
            yield value


def _located(training: Training, node: Any) -> tuple[Module, Any]:
    return training.module_of(node), node


def _holder(training: Training, item: Object) -> str:
    for placement in training.outcome.placements:
        for target in placement.targets:
            if target.item is item:
                return place_text(placement.frame.module, target.node)
    return item.label.rpartition(".")[2] or item.kind.value


def _merged(placements: tuple[Placement, ...]) -> list[Placement]:
    """Join the placements of several activations of one function: they are one place in the text."""
    found: dict[Any, Placement] = {}
    for placement in placements:
        key = (placement.block, placement.index)
        known = found.get(key)
        targets = (*known.targets, *placement.targets) if known else placement.targets
        found[key] = Placement(placement.frame, placement.block, placement.index, targets)
    return list(found.values())


def _insertion(training: Training, placement: Placement) -> Iterator[Step]:
    module = placement.frame.module
    ordered = sorted(placement.targets, key=lambda target: _ORDER.index(_role(training, target.item)))
    names = {place_text(module, target.node): _stays(training, target.item) for target in ordered}
    block = placement.block
    anchor = block.statements[min(placement.index, len(block.statements) - 1)]
    column = module.where(anchor)[1] - 1
    places = f"device_placement={_placements(names.values())}" if any(names.values()) else ""
    lines = prepare_lines(list(names), column, module.tree.default_indent, places)
    yield Step(module, anchor, Insert(block, placement.index, lines, rank=2))


def _stays(training: Training, item: Object) -> bool:
    """Whether `prepare` must not move what a loader yields."""
    return key_of(item) in {key_of(x.raw) for x in training.on_host}


def _placements(stays: Iterable[bool]) -> str:
    """Which objects `prepare` moves: all but loaders whose batches the script needs on the CPU first."""
    return "[" + ", ".join(str(not x) for x in stays) + "]"


def _wrapping(training: Training, item: Inline) -> Iterator[Step]:
    module = training.module_of(item.node)
    span = module.outer(item.node)
    end = ", device_placement=[False])" if _stays(training, item.item) else ")"
    yield Step(module, item.node, Replace(Span(span.start, span.start), f"{ACCELERATOR}.prepare(", 2))
    yield Step(module, item.node, Replace(Span(span.end, span.end), end, -2))


def _role(training: Training, item: Object) -> Kind:
    """The part that an object plays; an unknown one plays what its use says."""
    cast = training.structure
    played = (
        (Kind.OPTIMIZER, cast.optimizers),
        (Kind.LOADER, cast.loaders),
        (Kind.SCHEDULER, training.batch_schedulers),
    )
    return item.kind if item.kind in _ORDER else next((kind for kind, found in played if item in found), Kind.MODEL)


def prepare_lines(names: list[str], column: int, indent: str, keyword: str = "") -> tuple[str, ...]:
    """Lay out ``a, b = accelerator.prepare(a, b)`` on as few lines as fit."""
    joined = ", ".join(names)
    given = ", ".join([*names, keyword] if keyword else names)
    width = column + len(joined) + len(given) + len(" = accelerator.prepare()")
    if width <= _WIDTH:
        return (f"{joined} = {ACCELERATOR}.prepare({given})",)
    if column + max(len(joined) + len(" = accelerator.prepare("), len(given)) <= _WIDTH + 12:
        return (f"{joined} = {ACCELERATOR}.prepare(", f"{indent}{given}", ")")
    each = [f"{indent}{name}," for name in names]
    last = [f"{indent}{keyword},"] if keyword else []
    return ("(", *each, f") = {ACCELERATOR}.prepare(", *each, *last, ")")


def obligations(training: Training) -> set[str]:
    """What must be given by other changes before anything is prepared."""
    found = {f"unwrap:{id(node)}" for node, _ in wrapped_uses(training)}
    found |= {f"save:{id(call)}" for _, call in unguarded_saves(training)}
    found |= {f"parallel:{id(call)}" for _, call in data_parallel_calls(training)}
    found |= {f"device:{id(x.statement)}" for x in training.definitions if training.devices.is_used(x.devices)}
    return found


def unguarded_saves(training: Training) -> list[tuple[Module, s.Call]]:
    """Calls of ``torch.save`` in the training that every process would make."""
    found = training.calls.get("torch.save", [])
    return [(module, call) for module, call in found if training.is_involved(call) and not is_guarded(training, call)]


def is_guarded(training: Training, node: Any) -> bool:
    """Whether code runs on the main process only already."""
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        parent = node.parent
        owner = parent.owner if isinstance(parent, s.Block) else None
        if isinstance(owner, s.If) and owner.body is parent:
            for part in owner.test.walk():
                if isinstance(part, s.Attribute) and part.name in ("is_main_process", "is_local_main_process"):
                    return True
                if isinstance(part, s.Compare) and any(x.kind is Kind.RANK for x in training.value(part.left)):
                    return True
        node = parent
    return False


def data_parallel_calls(training: Training) -> list[tuple[Module, s.Call]]:
    """Calls of ``nn.DataParallel`` in the training."""
    found = [x for name, calls in training.calls.items() if knowledge.DATA_PARALLEL.match(name) for x in calls]
    return [(module, call) for module, call in found if training.is_involved(call)]


# ---------------------------------------------------------------- attributes of the wrapper


def wrapped_uses(training: Training) -> list[tuple[Any, Event]]:
    """Expressions that hold a prepared model where the model itself is wanted, each with what is done there."""
    found: dict[Any, Event] = {}
    for event in training.events(
        "attribute", "call", "item", "assign attribute", "save", "escape", "use", "wrap", "compare"
    ):
        item = event.item
        if not item.prepared or item.raw.kind not in (Kind.MODEL, Kind.OPAQUE) or not _is_model(training, item.raw):
            if not (event.kind == "save" and item.kind is Kind.STATE):
                continue
        node = _wanted_raw(training, event)
        if node is not None and not _is_unwrapped(training, node):
            found.setdefault(node, event)
    return list(found.items())


def _is_model(training: Training, item: Object) -> bool:
    return item.kind is Kind.MODEL or key_of(item) in training.model_keys


def _is_unwrapped(training: Training, node: Any) -> bool:
    parent = node.parent
    call = parent.parent if isinstance(parent, s.Argument) else None
    return isinstance(call, s.Call) and isinstance(call.func, s.Attribute) and call.func.name == "unwrap_model"


def _wanted_raw(training: Training, event: Event) -> Any:
    """The expression to unwrap for an event; None where the wrapper serves as well."""
    node = event.node
    if event.kind == "call" and isinstance(node, s.Call) and isinstance(node.func, s.Attribute):
        safe = event.detail in SAFE_CALLS[Kind.MODEL] and not _is_own(event.item, event.detail)
        return None if safe else node.func.value
    if event.kind in ("attribute", "assign attribute") and isinstance(node, s.Attribute):
        if isinstance(node.parent, s.Call) and node.parent.func is node and event.detail in SAFE_CALLS[Kind.MODEL]:
            return None
        return node.value if event.detail != "training" else None
    if event.kind == "item" and isinstance(node, s.Subscript):
        return node.value
    if event.kind == "save" and event.item.prepared:
        return _argument_holding(training, node, event.item)
    if event.kind in ("use", "wrap") and event.detail in _COPIES:
        return _argument_holding(training, node, event.item)
    if event.kind == "escape" and isinstance(node, s.Call) and isinstance(event.detail, Object):
        if event.detail.kind in (Kind.LIBRARY, Kind.OPAQUE, Kind.OPTION) and not _feeds_loss(training, node):
            return _argument_holding(training, node, event.item)
    return None


def _is_own(item: Object, name: str) -> bool:
    """Whether a model's class gives a method of torch.nn.Module another meaning, which its wrapper does not know."""
    cls = item.data
    return name != "forward" and cls.__class__ is Object and cls.kind is Kind.CLASS and name in cls.site.methods()


def _feeds_loss(training: Training, call: s.Call) -> bool:
    """Whether a call's result is part of a loss: unseen code that runs the model must get the wrapper."""
    made = training.value(call)
    roots = {x for item in made for x in (item.of if item.kind is Kind.TENSOR else (item,))}
    return any(roots & set(event.value) for event in training.after.backwards if event.value) and any(
        x.kind is Kind.TENSOR for x in made
    )


def _argument_holding(training: Training, call: Any, item: Object) -> Any:
    """The expression by which an object gets into a call: in an argument, or where a container among them was filled."""
    found = next((x for arg in call.args for x in _holding(training, arg.value, item)), None)
    if found is not None:
        return found
    containers = {x for arg in call.args for x in training.value(arg.value) if x.kind in (Kind.DICT, Kind.SEQUENCE)}
    for container in containers:
        if container.site is not None:
            found = next(_holding(training, container.site, item), None)
        for event in training.after.by_item[item.raw] if found is None else ():
            if event.kind == "store" and event.item is item and event.detail[0] is container:
                found = next(_holding(training, event.node.statement.value, item), None)
        if found is not None:
            return found
    return None


def _holding(training: Training, node: Any, item: Object) -> Iterator[Any]:
    """The variables within an expression that may hold an object."""
    for part in node.walk():
        if (
            isinstance(part, (s.Name, s.Attribute))
            and item in training.value(part)
            and not _is_unwrapped(training, part)
        ):
            yield part


def wrapper_questions(training: Training) -> list[tuple[s.Conditional, Any]]:
    """Conditional expressions that take a prepared model out of a wrapper if there is one, each with the model's expression."""
    found = []
    for module in training.modules:
        for node in module.nodes(s.Conditional):
            model = node.test.argument(0) if isinstance(node.test, s.Call) and asks_for_wrapper(node.test) else None
            if model is not None and any(x.prepared for x in training.value(model)):
                found.append((node, model))
    return found


class Unwrap(Rule):
    """Reach a prepared model's own attributes and methods through `unwrap_model`.

    What: `model.hidden_size`, `model.state_dict()`, `model.init_hidden(n)` become
    `accelerator.unwrap_model(model).hidden_size` and so on, wherever `model` may hold what `prepare` returned.
    Why: DDP's wrapper has none of them, and its `state_dict` names every entry `module....`.
    Safety: safe; on one process `unwrap_model` returns the model itself.
    Source: Accelerate's `Accelerator.unwrap_model`.
    """

    code = "MIG207"
    name = "model-attribute"

    def check(self, training: Training) -> Iterator[Change]:
        if training.outcome.walk is None:
            return
        whole = {part for node, _ in wrapper_questions(training) for part in node.walk()}
        for node, event in wrapped_uses(training):
            if node in whole:
                continue  # MIG504
            module = training.module_of(node)
            yield unwrap_change(_code_for(event), module, node, event)


def _code_for(event: Event) -> str:
    if event.detail == "state_dict" or event.kind == "save":
        return "MIG501"
    if event.detail == "load_state_dict":
        return "MIG503"
    return "MIG504" if event.detail == "module" else "MIG207"


def unwrap_change(code: str, module: Module, node: Any, event: Event) -> Change:
    """Wrap an expression in ``accelerator.unwrap_model(...)``."""
    span = module.outer(node)
    text = module.text(node)
    steps: tuple[Step, ...] = (
        Step(module, node, Replace(Span(span.start, span.start), f"{ACCELERATOR}.unwrap_model(", 3)),
        Step(module, node, Replace(Span(span.end, span.end), ")", -3)),
    )
    if event.detail == "module" and event.kind == "attribute":  # model.module is what unwrap_model gives
        end = module.span(event.node).end
        steps = (*steps[:1], Step(module, node, Replace(Span(span.end, end), ")")))
    what = f"`{text}.{event.detail}`" if isinstance(event.detail, str) and event.kind != "save" else f"`{text}`"
    return Change(
        code,
        module,
        node,
        f"Reach {what} through `accelerator.unwrap_model({text})`",
        steps,
        needs=frozenset({"prepared"}),
        gives=frozenset({f"unwrap:{id(node)}"}),
    )


class ForwardBypass(Rule):
    """Stop where a loss comes from a part or a method of a model that will be wrapped.

    What: `loss = model.loss(x)`, `model.encoder(x)` and the like, when the result is back-propagated.
    Why: DDP synchronises gradients only for what runs through the wrapper's forward; on N processes the parameters would
    drift apart without an error.
    Safety: reported only; the program is left alone.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG903"
    name = "forward-bypass"
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        for node, event in forward_bypasses(training):
            module = training.module_of(node)
            yield Change(
                self.code,
                module,
                node,
                f"`{module.text(node.func)}` runs parameters of a model outside its `forward`, and a loss depends on it",
                level=Level.REVIEW,
                blocks=True,
                reason="on several processes these gradients would not be synchronised",
                recipe="call it inside the model's `forward`, and call the model itself in the training loop",
            )
            _ = event


def forward_bypasses(training: Training) -> list[tuple[s.Call, Event]]:
    """Calls by which a loss reaches a prepared model's parameters without its forward: of a part, or of a method."""
    losses = (
        frozenset().union(*(event.value for event in training.after.backwards))
        if training.after.backwards
        else frozenset()
    )
    found: dict[s.Call, Event] = {}
    for event in training.events("forward"):
        item = event.item
        if item not in losses or not training.is_required(whole(item)):
            continue
        node = _outside(event, item)
        if node is not None:
            found.setdefault(node, event)
    return list(found.items())


def _outside(event: Event, item: Object) -> s.Call | None:
    """The call that brings execution into a model by another way than its forward; None where it is the forward."""
    call = event.node
    if is_own_method(event, whole(item)):
        frame = event.frame
        while frame.caller is not None and is_own_frame(frame.caller, whole(item)):
            frame = frame.caller
        unseen = frame.call is None and getattr(frame.node, "name", "") not in ("forward", "__call__")
        call = event.node if unseen else frame.call
    elif item.kind is not Kind.PART:
        return None
    return call if isinstance(call, s.Call) else None


class NoPlace(Rule):
    """Report why there is no safe place for `prepare`.

    What: the site that is in the way: an object trained without having been prepared, built in a loop, held by nothing.
    Why: every training use must see what `prepare` returned, on every path.
    Safety: reported only; the program is left alone.
    Source: contract of `Accelerator.prepare`.
    """

    code = "MIG901"
    name = "no-prepare-point"
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        obstacle = training.outcome.obstacle
        if obstacle is None:
            return
        node = obstacle.node
        name = obstacle.item.label if obstacle.item is not None else "an object"
        yield Change(
            self.code,
            training.module_of(node),
            node,
            f"`{name.rpartition('/')[2]}` {obstacle.text}",
            level=Level.REVIEW,
            blocks=True,
            reason="there is no place for `prepare` that every training use would see",
            recipe="build models, optimizers and loaders once, keep them in variables, and hand those to the training loop",
        )


class SchedulerCadence(Rule):
    """Leave a scheduler alone that is stepped once an epoch or on a metric.

    What: only schedulers stepped in the loop over the training batches are prepared.
    Why: a prepared scheduler steps once for each process: an epoch-level StepLR would decay N times as fast.
    Safety: nothing is edited; a scheduler stepped both ways stops the program.
    Source: Accelerate's `AcceleratedScheduler`, measured on two processes.
    """

    code = "MIG203"
    name = "scheduler-cadence"

    def check(self, training: Training) -> Iterator[Change]:
        for item, cadence in training.structure.schedulers.items():
            if cadence == "batch" or item.site is None:
                continue
            module = training.module_of(item.site)
            if cadence == "mixed":
                yield Change(
                    "MIG902", module, item.site, "This scheduler is stepped both in the batch loop and outside of it",
                    level=Level.REVIEW, blocks=True,
                    reason="prepared or not, one of the two would be wrong on several processes",
                    recipe="step it in one place, or make two schedulers",
                )  # fmt: skip
                continue
            how = "on a metric" if cadence == "metric" else "not once per batch of a prepared loader"
            yield Change(
                self.code, module, item.site, f"The scheduler is not prepared: it is stepped {how}", level=Level.NOTE
            )


class EvaluationLoader(Rule):
    """Leave evaluation loaders unprepared.

    What: a loader that no training loop learns from keeps its batches' moves.
    Why: every process then evaluates everything: slower, but its metrics are right without gathering. Where one variable
    holds a loader to train on and one to evaluate on by turns, both are prepared, and a review says so.
    Safety: nothing is edited.
    Source: Accelerate's guide on metrics.
    """

    code = "MIG206"
    name = "eval-loader"

    def check(self, training: Training) -> Iterator[Change]:
        shared = {
            key_of(event.item.raw)
            for event in training.events("iterate")
            if event.item.kind is Kind.LOADER and event.item.prepared and not training.is_required(event.item)
        }
        for item in training.structure.drawn_loaders():
            if item in training.structure.loaders or item.site is None or not training.required:
                continue
            if key_of(item) in shared:
                yield Change(
                    self.code,
                    training.module_of(item.site),
                    item.site,
                    "This loader is prepared in the turns that evaluate, too: each process evaluates its share",
                    level=Level.REVIEW,
                    reason="on N processes what is reported is about a Nth of the samples",
                    recipe="gather what is reported, or build the loader to evaluate on in a statement of its own",
                )
                continue
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                "This loader is not prepared: every process evaluates all of it",
                level=Level.NOTE,
                reason="metrics summed over it stay right; it takes as long as on one process",
            )


class BatchMeaning(Rule):
    """Say what N processes do to the batch size.

    What: each process draws batches of the size that the script gives; together they train on N times as many samples a step.
    Why: learning rates tuned for one process may want adjusting.
    Safety: nothing is edited.
    Source: Accelerate's `split_batches`.
    """

    code = "MIG211"
    name = "batch-semantics"

    def check(self, training: Training) -> Iterator[Change]:
        for item in training.structure.loaders:
            if item.site is None:
                continue
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                "On N processes a step trains on N batches of this loader, and an epoch has 1/N as many steps",
                level=Level.NOTE,
            )


class PartlyTrained(Rule):
    """Say where a model has parameters that its optimizer does not train.

    What: `Adam(encoder.linear.parameters())`: the rest of `encoder` is wrapped with it and gets no gradient.
    Why: plain DDP waits for every parameter that requires a gradient; the bundled runtime finishes such a backward itself.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel, `find_unused_parameters`.
    """

    code = "MIG210"
    name = "find-unused"

    def check(self, training: Training) -> Iterator[Change]:
        for item in training.structure.optimizers if training.required else ():
            own = [x for x in item.of if x.kind is Kind.PART]
            # one by one, the parameters of a whole model are all of it, those of a part are not
            parts = {part for x in own for part in ([x] if x.data != "*" else x.of) if part.kind is Kind.PART}
            if not parts or item.site is None:
                continue
            names = ", ".join(sorted(f"`{part.label}`" for part in parts))
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                f"The optimizer trains only {names} of a model that is prepared whole",
                level=Level.NOTE,
                reason="parameters without a gradient hold up plain DDP; the bundled runtime does not wait for them",
                recipe="with `--target accelerate`, freeze the rest (`requires_grad_(False)`) or set `find_unused_parameters`",
            )


class BareTensors(Rule):
    """Stop where an optimizer trains tensors that belong to no model.

    What: `SGD([w, b])` over tensors that the script made itself.
    Why: only models are wrapped, so that nobody would average these tensors' gradients: the processes would drift apart.
    Safety: reported only; the program is left alone.
    Source: torch.nn.parallel.DistributedDataParallel.
    """

    code = "MIG205"
    name = "bare-tensors"
    safety = Safety.REVIEW

    def check(self, training: Training) -> Iterator[Change]:
        for item in training.structure.optimizers if training.required else ():
            bare = [x for x in item.of if x.kind is Kind.FRESH]
            if not bare or item.site is None or any(x.kind is Kind.MODEL for x in item.of):
                continue
            yield Change(
                self.code,
                training.module_of(item.site),
                item.site,
                "This optimizer trains tensors that belong to no model",
                level=Level.REVIEW,
                blocks=True,
                reason="their gradients would not be averaged over the processes, each of which draws other numbers",
                recipe="make them `nn.Parameter`s of a module, and call that module in the loop",
            )


class NoLoader(Rule):
    """Say that data is not sharded where there is no DataLoader.

    What: loops over tensors, generators or an environment.
    Why: without a loader that `prepare` can shard, N processes do identical work.
    Safety: nothing is edited.
    Source: Accelerate's `prepare_data_loader`.
    """

    code = "MIG912"
    name = "no-loader"

    def check(self, training: Training) -> Iterator[Change]:
        if not training.required or training.structure.loaders:
            return
        event = training.structure.backwards[0]
        loops = event.loops()
        node = loops[0].node if loops else event.node
        yield Change(
            self.code,
            training.module_of(node),
            node,
            "This loop draws from no DataLoader, so its data is not sharded: N processes would do the same work",
            level=Level.NOTE,
            recipe="put the samples in a Dataset and a DataLoader to share the work",
        )


RULES: tuple[type[Rule], ...] = (
    Prepare, SchedulerCadence, EvaluationLoader, Unwrap, BatchMeaning, NoPlace, ForwardBypass, PartlyTrained,
    BareTensors, NoLoader,
)  # fmt: skip
