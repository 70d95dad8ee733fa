"""`prepare`: which objects are passed to it, where, and which other changes it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from migrator.inference.objects import Kind, Object
from migrator.inference.trace import Stored
from migrator.rules import fact
from migrator.rules.change import ACCELERATOR, Change, Level, Step
from migrator.rules.fact import FOR_PREPARED, UNBLOCKED
from migrator.rules.rule import Rule
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.source.block import Insert, Replace
from migrator.source.layout import Layout
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.training.binding_sites import place_text
from migrator.training.components import key_of
from migrator.training.insertion_point import Placement
from migrator.training.training import Training
from migrator.training.wrap_in_place import WrapInPlace

_WIDTH = 88
_ORDER = (Kind.MODEL, Kind.OPTIMIZER, Kind.LOADER, Kind.SCHEDULER)


class Prepare(Rule):
    """Pass the models, optimizers, loaders and per-batch schedulers of the training through `prepare`.

    What: `model, optimizer, loader = accelerator.prepare(model, optimizer, loader)` is inserted after the last of them is
    created and before the first is used; objects of different functions are prepared where they are created.
    Why: `prepare` moves models to the device, wraps them for DDP, shards the loaders and moves their batches.
    Safety: safe. A second analysis of the changed script must show that no object trains unprepared; otherwise MIG901
    blocks the program.
    Source: Accelerate's `Accelerator.prepare`.
    """

    code = "MIG201"
    name = "insert-prepare"
    effect = Effect.EDITS

    def check(self, training: Training) -> Iterator[Change]:
        if not training.missing:
            return
        outcome = training.placement
        sites = tuple(dict.fromkeys(node for item in training.missing for node in _sites(training, item)))
        if outcome.obstacles:
            yield Change(
                self.code,
                *_located(training, sites[0]),
                self._message(training),
                level=Level.REVIEW,
                reason="there is no safe place for `prepare` (MIG901)",
                waits=True,
                alike=sites,
            )
            return
        steps = [step for placement in _merged(outcome.placements) for step in _insertion(training, placement)]
        steps += [step for x in outcome.wrapped_in_place for step in _wrapping(training, x)]
        if not steps:
            return
        yield Change(
            self.code,
            *_located(training, sites[0]),
            self._message(training),
            tuple(steps),
            requires=frozenset({fact.ACCELERATOR, UNBLOCKED}),
            provides=FOR_PREPARED,
            alike=sites[1:],
        )

    def _message(self, training: Training) -> str:
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(_holder(training, item) for item in training.missing))
        return f"Pass {names} through `accelerator.prepare`"


def _sites(training: Training, item: Object) -> Iterator[s.Node]:
    """The nodes that an object is reported at: where it is made (else first seen), and the calls of its factories."""
    yield item.site if item.site is not None else training.components.by_item[item][0].node
    for event in training.components.events_of(item, Stored):
        named = isinstance(event.node, (s.Name, s.Attribute))
        value = getattr(event.node.statement, "value", None) if named else None
        if isinstance(value, s.Call) and value is not item.site and value in (item.context or ()):
            yield value
    if item.kind is Kind.LOADER:
        yield from [call for call in item.context or () if _makes_data(training, call)][-1:]


def _makes_data(training: Training, call: s.Call) -> bool:
    """Whether a call makes an object that only holds loaders: ``data = Data(args)``; one with the training loop is a trainer."""
    classes = [x.data.site for x in training.value(call) if x.kind is Kind.INSTANCE and isinstance(x.data, Object)]
    return bool(classes) and not any(training.components.loops & set(node.body.walk()) for node in classes)


def _located(training: Training, node: s.Node) -> tuple[Module, s.Node]:
    return training.module_of(node), node


def _holder(training: Training, item: Object) -> str:
    for placement in training.placement.placements:
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
    lines = prepare_lines(list(names), column, Layout(module).default_unit(), places)
    yield Step(module, anchor, Insert(block, placement.index, lines, rank=2))


def _stays(training: Training, item: Object) -> bool:
    """Whether `prepare` must not move what a loader yields."""
    return key_of(item) in {key_of(x.raw) for x in training.on_host}


def _placements(stays: Iterable[bool]) -> str:
    """Which objects `prepare` moves: all but loaders whose batches the script needs on the CPU first."""
    return "[" + ", ".join(str(not x) for x in stays) + "]"


def _wrapping(training: Training, item: WrapInPlace) -> Iterator[Step]:
    module = training.module_of(item.node)
    span = module.outer(item.node)
    end = ", device_placement=[False])" if _stays(training, item.item) else ")"
    yield Step(module, item.node, Replace(Span(span.start, span.start), f"{ACCELERATOR}.prepare(", 2))
    yield Step(module, item.node, Replace(Span(span.end, span.end), end, -2))


def _role(training: Training, item: Object) -> Kind:
    """The role of an object; that of an unknown one follows from its use."""
    components = training.components
    played = (
        (Kind.OPTIMIZER, components.optimizers),
        (Kind.LOADER, components.loaders),
        (Kind.SCHEDULER, training.components.batch_schedulers),
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


class NoPlace(Rule):
    """Report why there is no safe place for `prepare`.

    What: the place of the obstacle: an object is used before it can be prepared, is created in a loop, or is in no variable.
    Why: on every path, the training loop must use the objects that `prepare` returned.
    Safety: blocks the program; none of its files is changed.
    Source: Accelerate's `Accelerator.prepare`.
    """

    code = "MIG901"
    name = "no-prepare-point"
    effect = Effect.BLOCKS

    def check(self, training: Training) -> Iterator[Change]:
        for obstacle in training.placement.obstacles:
            node = obstacle.node
            name = obstacle.item.label if obstacle.item is not None else "an object"
            yield Change(
                self.code,
                training.module_of(node),
                node,
                f"`{name.rpartition('/')[2]}` {obstacle.text}",
                level=Level.REVIEW,
                blocks=True,
                reason="there is no place for `prepare` after which the training uses only prepared objects",
                help="create models, optimizers and loaders once, assign them to variables, and pass these to the training loop",
            )


RULES: tuple[type[Rule], ...] = (Prepare, NoPlace)
