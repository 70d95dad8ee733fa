"""Where `prepare` can be inserted: candidates are tested by a second analysis that assumes the objects are prepared there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from migrator.inference.interpret import interpret
from migrator.inference.interpreter import InsertionPoints, Interpreter
from migrator.inference.objects import Kind, Object
from migrator.inference.program import Program
from migrator.inference.state import Frame
from migrator.inference.trace import Called, Event, Forwarded, Iterated, Made, Stored, of_kind
from migrator.source import syntax as s
from migrator.training.binding_sites import binding_frame, binding_sites_of
from migrator.training.components import Components, Key, is_own_method, key_of
from migrator.training.insertion_point import TRIES, Placement, candidates
from migrator.training.position import class_of
from migrator.training.wrap_in_place import WrapInPlace, is_optional, is_rebuilt, wrap_in_place

Homes = dict[Object, dict[Frame, Event]]
Trial = tuple[
    dict[Any, dict[int, list[Any]]], frozenset[Any]
]  # what a walk pretends: where objects are prepared, and which calls do
Group = list[Placement]  # the candidates for some objects: one of them is taken


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why there is no place for `prepare`: the site of the obstacle, and what it does."""

    frame: Frame
    node: Any
    item: Object | None
    text: str


@dataclass(frozen=True, slots=True)
class PlacementResult:
    """Where everything is prepared, with the walk that shows it; or what is in the way."""

    placements: tuple[Placement, ...] = ()
    wrapped_in_place: tuple[WrapInPlace, ...] = ()
    interpreter: Interpreter | None = None
    obstacles: tuple[Obstacle, ...] = ()


def place(
    program: Program, components: Components, required: Sequence[Object], elided: frozenset[s.Call] = frozenset()
) -> PlacementResult:
    """Find places at which all required objects can be prepared."""
    return _Search(program, components, required, elided).run()


class _Search:
    def __init__(
        self, program: Program, components: Components, required: Sequence[Object], elided: frozenset[s.Call]
    ) -> None:
        self.program = program
        self.elided = elided
        self.components = components
        self.required = required
        self.binding_sites: Homes = {
            item: _not_passed_twice(components, item, binding_sites_of(components, item)) for item in required
        }
        self.chosen: list[Placement] = []
        self.wrapped_in_place: list[WrapInPlace] = []
        self.interpreter: Interpreter | None = None
        self.components_after = components  # as that walk shows them
        self.trial: Trial | None = None  # what that walk pretends
        self.failed: list[tuple[Trial, set[Key]]] = []  # what was pretended in vain, for which objects
        self.obstacles: list[Obstacle] = []

    def run(self) -> PlacementResult:
        held = [item for item in self.required if not self._needs_inline(item) or not self._inline(item)]
        todo = self._groups(held)
        while todo and not self._settle_at_once(todo):
            todo = self._settle_some(todo)
        if not self.obstacles:
            last = self._problem({key_of(item) for item in self.required})
            self.obstacles += [last] if last is not None else []
        if self.obstacles:
            return PlacementResult(obstacles=tuple(dict.fromkeys(self.obstacles)))
        return PlacementResult(tuple(self.chosen), tuple(self.wrapped_in_place), self.interpreter)

    # ------------------------------------------------------------ on the spot

    def _needs_inline(self, item: Object) -> bool:
        return not self.binding_sites[item] or is_rebuilt(self.components, item) or is_optional(self.components, item)

    def _inline(self, item: Object) -> bool:
        """Prepare an object where it is made, if it can be."""
        found = wrap_in_place(self.components, item, self.required)
        if found is not None and found.node not in [known.node for known in self.wrapped_in_place]:
            self.wrapped_in_place.append(found)
        return found is not None

    # ------------------------------------------------------------ groups: which objects one frame holds

    def _groups(self, items: list[Object]) -> list[Group]:
        """Split objects by the frame that they are prepared in."""
        left, groups = list(items), []
        while left:
            if not self.binding_sites[left[0]]:
                reason = self._uncalled(left[0]) or "is in no variable to which the prepared object could be assigned"
                self._stop(left[0], reason)
                left = left[1:]
                continue
            frames = dict.fromkeys(frame for item in left for frame in self.binding_sites[item])
            best = max(frames, key=lambda frame: self._rank(frame, left))
            members = [item for item in left if best in self.binding_sites[item]]
            group = self._candidates(best, members)
            if not group and len(members) > 1:
                members, group = self._part(best, members)
            if group:
                groups.append(group)
            elif not self._inline(members[0]):
                self._stop(members[0], "is used in the training before `prepare` could be called")
                members = members[:1]
            else:
                members = members[:1]
            left = [item for item in left if item not in members]
        return groups

    def _candidates(self, frame: Frame, items: list[Object]) -> Group:
        return (
            candidates(self.components, frame, {item: self.binding_sites[item][frame] for item in items})
            if items
            else []
        )

    def _part(self, frame: Frame, members: list[Object]) -> tuple[list[Object], Group]:
        """The largest group with a common insertion point of objects that have none together."""
        alone = [item for item in members if item.kind is not Kind.LOADER]
        for part in (alone, [item for item in members if item.kind is Kind.LOADER], *([item] for item in members)):
            group = self._candidates(frame, part)
            if group:
                return part, group
        return members, []

    def _rank(self, frame: Frame, left: list[Object]) -> tuple[Any, ...]:
        """Prefer the frame that holds most; of equals the class that keeps them, then the outermost."""
        held = [item for item in left if frame in self.binding_sites[item]]
        own = all(isinstance(self.binding_sites[item][frame].node, s.Attribute) for item in held)
        return (bool(self._candidates(frame, held)), len(held), own, -sum(1 for _ in frame.chain()), -frame.entered)

    def _uncalled(self, item: Object) -> str:
        """Say that nothing calls the code that makes an object; nothing where something does."""
        events = [x for x in self.components.by_item.get(item, ()) if isinstance(x, (Made, Stored))]
        first = list(events[0].frame.chain())[-1].node if events else None
        if not isinstance(first, s.FunctionDef):
            return ""
        owner = class_of(first)
        what = f"`{owner.name}` is created" if owner is not None else f"`{first.name}` is called"
        return f"is created in code that no given file runs: {what} in none of them"

    def _stop(self, item: Object, text: str) -> None:
        made = self.components.made(item) or self.components.by_item[item][0]
        self.obstacles.append(Obstacle(made.frame, item.site if item.site is not None else made.node, item, text))

    # ------------------------------------------------------------ the second walk

    def _settle_at_once(self, groups: list[Group]) -> bool:
        """Take the first candidate of every group, if all of them together bear a second walk: as a rule they do."""
        if len(groups) < 2:
            return False
        before = list(self.chosen)
        for group in groups:
            self.chosen.append((*self._beside(group[0]), *group)[0])
        keys = {key_of(target.item) for placement in self.chosen for target in placement.targets}
        if (self._trial(self.chosen), keys) not in self.failed and self._problem(keys) is None:
            return True
        self.chosen = before
        return False

    def _settle_some(self, groups: list[Group]) -> list[Group]:
        """Settle groups one by one, until one falls into parts or is prepared on the spot; give those that are left."""
        todo = groups
        settled = -1
        while todo and len(self.chosen) > settled:
            settled = len(self.chosen)
            todo = [*self._settle(todo[0]), *todo[1:]]
        return todo

    def _settle(self, group: Group) -> list[Group]:
        """Take the first candidate that bears a second walk; else give the parts that the group falls into."""
        items = [target.item for target in group[0].targets]
        keys = {key_of(target.item) for placement in self.chosen for target in placement.targets} | {
            key_of(x) for x in items
        }
        first: Obstacle | None = None
        tries = 1 if self.obstacles else TRIES  # nothing will be prepared: only what else is in the way matters
        for placement in (*self._beside(group[0]), *group[:tries]):
            problem = self._problem(keys, placement)
            if problem is None:
                self.chosen.append(placement)
                return []
            first = first or problem
        parts = self._by_kind(group[0])
        if len(parts) > 1 and all(parts):
            return parts
        if not all(self._inline(item) for item in items) and first is not None:
            self.obstacles.append(first)
        return []

    def _beside(self, placement: Placement) -> list[Placement]:
        """The insertion point that another activation of the same function took: one call of `prepare` in the text serves both."""
        taken = [x for x in self.chosen if x.frame.node is placement.frame.node and x.block is placement.block]
        return [replace(placement, index=x.index) for x in taken]

    def _by_kind(self, placement: Placement) -> list[Group]:
        """Split objects that have no common insertion point: models may have to be prepared before their optimizers are built."""
        kinds: dict[Kind, list[Object]] = {}
        for target in placement.targets:
            if placement.frame not in self.binding_sites[target.item]:
                return []
            kinds.setdefault(target.item.kind, []).append(target.item)
        return [self._candidates(placement.frame, items) for items in kinds.values()]

    def _problem(self, keys: set[Key], extra: Placement | None = None) -> Obstacle | None:
        """Walk the program as it would be; the first training use of an object that is still as it was made."""
        placements = [*self.chosen, extra] if extra is not None else self.chosen
        trial = self._trial(placements)
        if trial != self.trial or self.interpreter is None:
            self.trial = trial
            self.interpreter = interpret(self.program, *trial, self.elided)
            self.components_after = Components(self.interpreter)
        problem = _unprepared(self.components_after, keys)
        if problem is not None:
            self.failed.append((trial, keys))
        return problem

    def _trial(self, placements: list[Placement]) -> Trial:
        return insertion_points_of(placements), frozenset(x.node for x in self.wrapped_in_place)


def _not_passed_twice(components: Components, item: Object, binding_sites: dict[Frame, Event]) -> dict[Frame, Event]:
    """Leave out what several activations of one function hold, where there is another home: each would prepare it again."""
    contexts: dict[Any, set[Any]] = {}
    for event in components.events_of(item, Stored):
        frame = binding_frame(event)
        contexts.setdefault(frame.node, set()).add(frame.context)
    once = {frame: event for frame, event in binding_sites.items() if len(contexts.get(frame.node, ())) < 2}
    return once or binding_sites


def insertion_points_of(placements: Iterable[Placement]) -> InsertionPoints:
    """Put placements in the form that a walk takes: what several activations prepare in one place stands there once."""
    found: InsertionPoints = {}
    for placement in placements:
        nodes = found.setdefault(placement.block, {}).setdefault(placement.index, [])
        nodes += [target.node for target in placement.targets if target.node not in nodes]
    return found


def _unprepared(components: Components, keys: set[Key]) -> Obstacle | None:
    events = components.interpreter.trace.events
    inside = {e.item for e in of_kind(events, Forwarded) if is_own_method(e, e.item)}  # MIG903 speaks of these
    for backward in components.backwards:
        for item in backward.roots - inside:
            if not item.prepared and key_of(item) in keys and item.kind in (Kind.MODEL, Kind.OPAQUE):
                return Obstacle(
                    backward.frame, backward.node, item, "is used for this loss without having been prepared"
                )
    steps = {e.node for e in events if e.item.prepared and _steps(e)}
    for event in events:
        trains = (
            event.item in components.roots if isinstance(event, Forwarded) else _steps(event) and event.node in steps
        )
        if trains and not event.item.prepared and _is_read(event.item):
            return Obstacle(
                event.frame,
                event.node,
                event.item,
                "is loaded from a file, and is trained here without having been prepared",
            )
    for happened in components.by_item.values():
        for event in happened:
            if event.item.prepared or key_of(event.item) not in keys:
                continue
            if isinstance(event, Iterated) and components.trains(event):
                return Obstacle(
                    event.frame, event.node, event.item, "is iterated over here without having been prepared"
                )
            if _steps(event):
                return Obstacle(event.frame, event.node, event.item, "is stepped here without having been prepared")
    return None


def _steps(event: Event) -> bool:
    return isinstance(event, Called) and event.method == "step"


def _is_read(item: Object) -> bool:
    """Whether an object is what `torch.load` gave, or a part of that."""
    return item.kind is Kind.OPAQUE and item.label.startswith("torch.load")
