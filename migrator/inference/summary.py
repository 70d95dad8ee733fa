"""Summaries of calls: a local function that is called again as before, in a state that it reads as before, is not walked.

recording   what a call reads of the state around it, and where its events begin
summary     that, with what the call wrote and gave; it holds for a call with the same key that would read the same
repeat      the writes and the result once more; the events, too, in another activation of the caller
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from migrator.inference.arguments import Arguments
from migrator.inference.interpreter import BUDGET, Interpreter
from migrator.inference.objects import UNKNOWN, Kind, Object, Value
from migrator.inference.state import Frame, Loop
from migrator.inference.variables import Changes, Names
from migrator.source import syntax as s

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

    def __init__(self, interpreter: Interpreter) -> None:
        self.caller = interpreter.frame
        self.loop = interpreter.loop
        self._before = interpreter.variables.copy()
        self._around = interpreter.variables.record()
        self._start = _moment(interpreter)
        self._missed, interpreter.missed = interpreter.missed, False
        self._defaults, interpreter.read_defaults = interpreter.read_defaults, {}

    def end(self, interpreter: Interpreter, value: Value) -> Summary | None:
        """Give the summary of the call, where it has one."""
        reads = interpreter.variables.recorded(self._around)
        found = Summary(self, interpreter, value) if self._is_sound(interpreter) else None
        mine = set(interpreter.entered[self._start.frames :])  # activations of which nobody else could know
        known = {owner: self._before.known(owner) for owner in reads.owners if owner not in mine}
        if found is not None:
            found.reads = list(known.items())
            found.changes = interpreter.variables.changes_since(self._before)
        if self._around is not None:
            self._around.add(known)
        self._defaults.update(interpreter.read_defaults)
        interpreter.read_defaults = self._defaults
        interpreter.missed = interpreter.missed or self._missed
        return found

    def _is_sound(self, interpreter: Interpreter) -> bool:
        return interpreter.alive and not interpreter.exhausted and interpreter.impure == self._start.impure

    def since(self, interpreter: Interpreter) -> tuple[_Moment, _Moment]:
        """Give when the call began and ended."""
        return self._start, _moment(interpreter)


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

    def __init__(self, recording: Recording, interpreter: Interpreter, value: Value) -> None:
        self._begin, self._end = recording.since(interpreter)
        self._caller, self._loop = recording.caller, recording.loop
        self._missed = interpreter.missed
        self._defaults = interpreter.read_defaults
        self._classes = len(interpreter.heap.those(Kind.CLASS))
        self._value = value
        self.reads: list[tuple[Any, Names | None]] = []
        self.changes: Changes = []

    def holds(self, interpreter: Interpreter) -> bool:
        """Whether the call would do the same now."""
        defaults, variables = interpreter.defaults, interpreter.variables
        return (
            interpreter.steps + self._end.steps - self._begin.steps <= BUDGET
            and self._classes == len(interpreter.heap.those(Kind.CLASS))
            and all(_alike(variables.known(owner), names) for owner, names in self.reads)
            and all(defaults.get(param, UNKNOWN) == value for param, value in self._defaults.items())
        )

    def repeat(self, interpreter: Interpreter) -> Value:
        """Do once more what the call did; give what it gave."""
        interpreter.variables.change(self.changes)
        interpreter.missed = interpreter.missed or self._missed
        interpreter.read_defaults.update(self._defaults)
        if interpreter.frame is not self._caller:
            self._repeat_events(interpreter)
        interpreter.steps += self._end.steps - self._begin.steps
        return self._value

    def _repeat_events(self, interpreter: Interpreter) -> None:
        later = interpreter.clock - self._begin.clock
        frames: dict[Frame, Frame] = {self._caller: interpreter.frame}
        loops: dict[Loop | None, Loop | None] = {None: None, self._loop: interpreter.loop}

        def loop_of(loop: Loop | None) -> Loop | None:
            if loop is not None and loop not in loops:
                loops[loop] = loop.moved(loop_of(loop.parent), frames.get(loop.frame, loop.frame))
            return loops[loop]

        for frame in interpreter.entered[self._begin.frames : self._end.frames]:
            assert frame.caller is not None
            new = frames[frame] = frame.moved(frames[frame.caller], loop_of(frame.loop), frame.entered + later)
            enter(interpreter, new)
        for event in interpreter.trace.events[self._begin.events : self._end.events]:
            interpreter.trace.events.append(event.moved(frames, loop_of(event.loop), event.order + later))
        interpreter.clock += self._end.clock - self._begin.clock


def _alike(names: Names | None, others: Names | None) -> bool:
    return names is others or (names is not None and others is not None and names == others)


def _moment(interpreter: Interpreter) -> _Moment:
    return _Moment(
        interpreter.steps,
        interpreter.clock,
        len(interpreter.trace.events),
        len(interpreter.entered),
        interpreter.impure,
    )


def enter(interpreter: Interpreter, frame: Frame) -> None:
    """Remember an activation of a function."""
    interpreter.trace.frames.setdefault(frame.node, []).append(frame)
    interpreter.entered.append(frame)


def key_of_call(
    interpreter: Interpreter,
    item: Object,
    node: s.Node | None,
    args: Arguments,
    receiver: Object | None,
    way: Sequence[s.Node],
) -> Hashable:
    """Give all that a call depends on but the state: who is called with what, where, and on which way."""
    return (
        item,
        receiver,
        node,
        args.node,
        interpreter.frame.context,
        tuple(way),
        tuple(args.placed),
        tuple(args.named.items()),
        args.starred,
        args.extra,
    )


def known_summary(interpreter: Interpreter, key: Hashable) -> Summary | None:
    """Give a summary that holds for a call now."""
    known: list[Summary] = interpreter.summaries.get(key, [])
    return next((summary for summary in known if summary.holds(interpreter)), None)


def keep_summary(interpreter: Interpreter, key: Hashable, summary: Summary | None) -> None:
    """Keep a summary for later calls, the newest first."""
    if summary is not None:
        interpreter.summaries[key] = [summary, *interpreter.summaries.get(key, ())][:_KEPT]


__all__ = ["Recording", "Summary", "enter", "keep_summary", "key_of_call", "known_summary"]
