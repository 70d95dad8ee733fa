"""The walk over a program: where it stands, what it knows, what it has seen.

Evaluating expressions, calling and executing statements are one recursion over many files. They share a Walk and reach
one another through its methods: which functions do the work is given to it as a Recursion, which interpret.py puts together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from migrator.inference.arguments import Arguments
from migrator.inference.objects import Heap, Kind, Object, Value
from migrator.inference.program import Program
from migrator.inference.state import Frame, Loop
from migrator.inference.trace import Event, Stored, Trace
from migrator.inference.variables import Names, Variables
from migrator.source import syntax as s
from migrator.source.module import Module

# what happens to these is not worth remembering
_UNRECORDED = frozenset(
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
# where objects are prepared: by block and index of a statement, the variables before it
InsertionPoints = dict[s.Block, dict[int, list[s.Expression]]]

_Details = ParamSpec("_Details")
_Node = TypeVar("_Node", bound=s.Node)
BUDGET = 30_000  # statements; a program that needs more is not walked into further calls


@dataclass(frozen=True, slots=True)
class Recursion:
    """The functions that call one another: what evaluates and executes each kind of node, and what they share."""

    evaluators: Evaluators
    executors: Executors
    call: Callable[[Interpreter, s.Call], Value]
    invoke: Callable[[Interpreter, Object, s.Call | None, Arguments], Value]
    execute: Callable[[Interpreter, s.Block], None]
    assign: Callable[[Interpreter, s.Node, Value], None]
    iterate: Callable[[Interpreter, s.Expression, Value], Value]
    class_member: Callable[[Interpreter, Object | None, str, Object | None, s.Node | None], Value | None]


class Interpreter:
    """The state of one walk; ``insertion_points`` and ``wrapped_in_place`` say where to pretend that objects are prepared."""

    def __init__(
        self,
        program: Program,
        recursion: Recursion,
        insertion_points: InsertionPoints | None = None,
        wrapped_in_place: frozenset[s.Expression] = frozenset(),
        elided: frozenset[s.Call] = frozenset(),
    ) -> None:
        self.program = program
        self.evaluators, self.executors = recursion.evaluators, recursion.executors
        self._recursion = recursion
        self.insertion_points = insertion_points or {}
        self.wrapped_in_place = wrapped_in_place
        self.elided = elided
        self.heap = Heap()
        self.trace = Trace()
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
        self.modules: dict[Module, Object] = {}
        self.loaded: dict[Object, dict[Frame | Object, Names]] = {}  # what executing a module bound
        self.defaults: dict[
            s.Parameter, Value
        ] = {}  # by parameter: what its default held when the function was defined
        self.pruned: dict[s.Block, tuple[Variables, Frame, Loop | None]] = {}
        self.visited: set[s.Node] = set()
        self.handed: set[Object] = set()  # what unseen code was given to call
        self.trainers: dict[s.ClassDef, bool] = {}  # class node -> whether it trains itself
        self.defined: dict[s.Node, tuple[Object, Variables]] = {}  # function node -> object, variables around it
        self.none = self.heap.value(Kind.CONSTANT, None, None, (), ("NoneType", None), label="None")

    # ------------------------------------------------------------ the recursion

    def call(self, node: s.Call) -> Value:
        """Give what a call returns."""
        return self._recursion.call(self, node)

    def invoke(self, item: Object, node: s.Call | None, args: Arguments) -> Value:
        """Call one object with arguments that are evaluated already; no node stands for a call that cannot be seen."""
        return self._recursion.invoke(self, item, node, args)

    def execute(self, block: s.Block) -> None:
        """Execute a block's statements until one leaves it."""
        self._recursion.execute(self, block)

    def assign(self, target: s.Node, value: Value) -> None:
        """Bind a target to a value."""
        self._recursion.assign(self, target, value)

    def iterate(self, node: s.Expression, source: Value) -> Value:
        """Give an element of an iterable, and note which loaders a batch is drawn from."""
        return self._recursion.iterate(self, node, source)

    def class_member(
        self, item: Object | None, name: str, receiver: Object | None, node: s.Node | None
    ) -> Value | None:
        """Find an attribute on a class or its bases."""
        return self._recursion.class_member(self, item, name, receiver, node)

    # ------------------------------------------------------------ what is seen

    def record(
        self,
        event: Callable[Concatenate[_Node, Object, Frame, Loop | None, int, _Details], Event],
        node: _Node,
        item: Object,
        *details: _Details.args,
        **named: _Details.kwargs,
    ) -> None:
        """Remember that something happened to an object: the class of the event, where, and what that class adds."""
        if item.kind not in _UNRECORDED or (event is Stored and item.kind is Kind.SEQUENCE):
            self.clock += 1
            self.trace.events.append(event(node, item, self.frame, self.loop, self.clock, *details, **named))

    @property
    def exhausted(self) -> bool:
        """Whether the program is too large to walk into every call."""
        return self.steps > BUDGET


# by the class of a node, which is what the second argument is
Evaluators = Mapping[type[s.Expression], Callable[[Interpreter, Any], Value]]
Executors = Mapping[type[s.Statement], Callable[[Interpreter, Any], None]]
