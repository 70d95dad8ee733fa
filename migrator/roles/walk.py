"""The walk over a program: where it stands, what it knows, what it has seen.

Evaluating expressions (evaluate.py and what registers with it), calling (call.py) and executing statements (execute.py
and what registers with it) are one recursion. They share a Walk and reach one another through it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from migrator.roles.role import NOTHING, Heap, Kind, Object, Value
from migrator.roles.state import Event, Frame, Log, Loop
from migrator.roles.variables import Names, Variables
from migrator.source import syntax as s

if TYPE_CHECKING:
    from migrator.roles.program import Program

# what happens to these is not worth remembering
_UNNOTED = frozenset(
    {
        Kind.ANY,
        Kind.UNBOUND,
        Kind.CONSTANT,
        Kind.LENGTH,
        Kind.LIBRARY,
        Kind.MODULE,
        Kind.FUNCTION,
        Kind.CLASS,
        Kind.METHOD,
        Kind.SEQUENCE,
    }
)
BUDGET = 30_000  # statements; a program that needs more is not walked into further calls


class Walk:
    """The state of one walk; ``gaps`` and ``inlines`` say where to pretend that objects are prepared."""

    def __init__(
        self,
        program: Program,
        gaps: dict[Any, dict[int, list[Any]]] | None = None,
        inlines: frozenset[Any] = frozenset(),
    ) -> None:
        self.program = program
        self.gaps = gaps or {}
        self.inlines = inlines
        self.heap = Heap()
        self.log = Log()
        self.variables = Variables()
        self.alive = True  # False behind a return, raise, break or continue
        self.frame: Frame = None  # type: ignore[assignment]
        self.loop: Loop | None = None
        self.clock = 0
        self.steps = 0
        self.missed = False  # a name was read before it was bound: a later turn of the loop may know more
        self.impure = 0  # what was done that a summary of a call cannot repeat
        self.entered: list[Frame] = []  # activations of functions
        self.summaries: dict[Any, list[Any]] = {}
        self.read_defaults: dict[Any, Value] = {}  # by the call that is recorded
        self.modules: dict[Any, Object] = {}
        self.loaded: dict[Object, dict[Any, Names]] = {}  # what executing a module bound
        self.defaults: dict[Any, Value] = {}  # by parameter: what its default held when the function was defined
        self.pruned: dict[Any, tuple[Variables, Frame, Loop | None]] = {}
        self.visited: set[Any] = set()
        self.handed: set[Object] = set()  # what unseen code was given to call
        self.trainers: dict[Any, bool] = {}  # class node -> whether it trains itself
        self.defined: dict[Any, tuple[Object, Variables]] = {}  # function node -> object, variables around it
        self.none = self.heap.value(Kind.CONSTANT, None, None, (), ("NoneType", None), label="None")
        # the other parts of the recursion
        self.call: Callable[[s.Call], Value]
        self.invoke: Callable[[Object, Any, Any], Value]
        self.execute: Callable[[s.Block], None]
        self.assign: Callable[[Any, Value], None]
        self.iterate: Callable[[Any, Value], Value]
        self.class_member: Callable[[Object, str, Object | None, Any], Value | None]

    def note(self, kind: str, node: Any, item: Object, detail: Any = None, value: Value = NOTHING) -> None:
        """Remember that something happened to an object."""
        if item.kind not in _UNNOTED or (kind == "store" and item.kind is Kind.SEQUENCE):
            self.clock += 1
            self.log.events.append(Event(kind, node, item, self, detail, value))

    @property
    def exhausted(self) -> bool:
        """Whether the program is too large to walk into every call."""
        return self.steps > BUDGET
