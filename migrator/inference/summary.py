"""Summaries of calls: a local function that is called again as before, in a state that it reads as before, is not walked.

recording   what a call reads of the state around it, and where its events begin
summary     that, with what the call wrote and gave; it holds for a call with the same key that would read the same
repeat      the writes and the result once more; the events, too, in another activation of the caller
"""

from __future__ import annotations

from typing import Any, NamedTuple

from migrator.inference.arguments import Arguments
from migrator.inference.interpreter import BUDGET, Walk
from migrator.inference.objects import UNKNOWN, Kind, Object, Value
from migrator.inference.state import Frame, Loop
from migrator.inference.variables import Changes, Names

_KEPT = 4  # summaries of a call in one context


class _Moment(NamedTuple):
    """How far a walk has come: by what it counts."""

    steps: int
    clock: int
    events: int
    frames: int
    impure: int


class Recording:
    """What a call is seen to do."""

    __slots__ = ("_around", "_before", "_defaults", "_missed", "_start", "caller", "loop")

    def __init__(self, walk: Walk) -> None:
        self.caller = walk.frame
        self.loop = walk.loop
        self._before = walk.variables.copy()
        self._around = walk.variables.record()
        self._start = _moment(walk)
        self._missed, walk.missed = walk.missed, False
        self._defaults, walk.read_defaults = walk.read_defaults, {}

    def end(self, walk: Walk, value: Value) -> Summary | None:
        """Give the summary of the call, where it has one."""
        reads = walk.variables.recorded(self._around)
        found = Summary(self, walk, value) if self._is_sound(walk) else None
        mine = set(walk.entered[self._start.frames :])  # activations of which nobody else could know
        known = {owner: self._before.known(owner) for owner in reads.owners if owner not in mine}
        if found is not None:
            found.reads = list(known.items())
            found.changes = walk.variables.changes_since(self._before)
        if self._around is not None:
            self._around.add(known)
        self._defaults.update(walk.read_defaults)
        walk.read_defaults = self._defaults
        walk.missed = walk.missed or self._missed
        return found

    def _is_sound(self, walk: Walk) -> bool:
        return walk.alive and not walk.exhausted and walk.impure == self._start.impure

    def since(self, walk: Walk) -> tuple[_Moment, _Moment]:
        """Give when the call began and ended."""
        return self._start, _moment(walk)


class Summary:
    """What a call did, and on what that depends."""

    __slots__ = (
        "_begin",
        "_caller",
        "_classes",
        "_defaults",
        "_end",
        "_loop",
        "_missed",
        "_value",
        "changes",
        "reads",
    )

    def __init__(self, recording: Recording, walk: Walk, value: Value) -> None:
        self._begin, self._end = recording.since(walk)
        self._caller, self._loop = recording.caller, recording.loop
        self._missed = walk.missed
        self._defaults = walk.read_defaults
        self._classes = len(walk.heap.those(Kind.CLASS))
        self._value = value
        self.reads: list[tuple[Any, Names | None]] = []
        self.changes: Changes = []

    def holds(self, walk: Walk) -> bool:
        """Whether the call would do the same now."""
        defaults, variables = walk.defaults, walk.variables
        return (
            walk.steps + self._end.steps - self._begin.steps <= BUDGET
            and self._classes == len(walk.heap.those(Kind.CLASS))
            and all(_alike(variables.known(owner), names) for owner, names in self.reads)
            and all(defaults.get(param, UNKNOWN) == value for param, value in self._defaults.items())
        )

    def repeat(self, walk: Walk) -> Value:
        """Do once more what the call did; give what it gave."""
        walk.variables.change(self.changes)
        walk.missed = walk.missed or self._missed
        walk.read_defaults.update(self._defaults)
        if walk.frame is not self._caller:
            self._repeat_events(walk)
        walk.steps += self._end.steps - self._begin.steps
        return self._value

    def _repeat_events(self, walk: Walk) -> None:
        later = walk.clock - self._begin.clock
        frames: dict[Frame, Frame] = {self._caller: walk.frame}
        loops: dict[Loop | None, Loop | None] = {None: None, self._loop: walk.loop}

        def loop_of(loop: Loop | None) -> Loop | None:
            if loop is not None and loop not in loops:
                loops[loop] = loop.moved(loop_of(loop.parent), frames.get(loop.frame, loop.frame))
            return loops[loop]

        for frame in walk.entered[self._begin.frames : self._end.frames]:
            assert frame.caller is not None
            new = frames[frame] = frame.moved(frames[frame.caller], loop_of(frame.loop), frame.entered + later)
            enter(walk, new)
        for event in walk.trace.events[self._begin.events : self._end.events]:
            walk.trace.events.append(event.moved(frames, loop_of(event.loop), event.order + later))
        walk.clock += self._end.clock - self._begin.clock


def _alike(names: Names | None, others: Names | None) -> bool:
    return names is others or (names is not None and others is not None and names == others)


def _moment(walk: Walk) -> _Moment:
    return _Moment(walk.steps, walk.clock, len(walk.trace.events), len(walk.entered), walk.impure)


def enter(walk: Walk, frame: Frame) -> None:
    """Remember an activation of a function."""
    walk.trace.frames.setdefault(frame.node, []).append(frame)
    walk.entered.append(frame)


def key_of_call(walk: Walk, item: Object, node: Any, args: Arguments, receiver: Object | None, way: list[Any]) -> Any:
    """Give all that a call depends on but the state: who is called with what, where, and on which way."""
    return (
        item,
        receiver,
        node,
        args.node,
        walk.frame.context,
        tuple(way),
        tuple(args.placed),
        tuple(args.named.items()),
        args.starred,
        args.extra,
    )


def known_summary(walk: Walk, key: Any) -> Summary | None:
    """Give a summary that holds for a call now."""
    known: list[Summary] = walk.summaries.get(key, [])
    return next((summary for summary in known if summary.holds(walk)), None)


def keep_summary(walk: Walk, key: Any, summary: Summary | None) -> None:
    """Keep a summary for later calls, the newest first."""
    if summary is not None:
        walk.summaries[key] = [summary, *walk.summaries.get(key, ())][:_KEPT]


__all__ = ["Recording", "Summary", "enter", "keep_summary", "key_of_call", "known_summary"]
