"""A program as the interpreter found it, with what it trains: what every analysis of the training reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object, Value
from migrator.inference.program import Program
from migrator.inference.trace import EventKind, of_kind
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.components import Components, Key, key_of
from migrator.training.involvement import involved_scopes
from migrator.training.position import scope_of
from migrator.training.reaching_definitions import Order


@dataclass(frozen=True)
class TrainedProgram:
    """What was found by interpreting a program as it is, and as it will be; look-ups read nothing else."""

    program: Program
    before: Interpreter  # as it is
    after: Interpreter  # as it will be once everything is prepared, where that is known
    components: Components  # of the program as it is
    required: tuple[Object, ...]  # what it trains with, to be prepared

    @cached_property
    def keys(self) -> frozenset[Key]:
        """The names of the required objects, by which they are found again after they are prepared."""
        return frozenset(map(key_of, self.required))

    @cached_property
    def model_keys(self) -> frozenset[Key]:
        """The names of the trained models."""
        return frozenset(map(key_of, self.components.models))

    @cached_property
    def components_after(self) -> Components:
        """The components as it acts once everything is prepared."""
        return Components(self.after)

    @property
    def modules(self) -> list[Module]:
        """The modules that the walk executed."""
        return list(self.after.modules)

    @cached_property
    def order(self) -> Order:
        """What comes before what."""
        return Order(self.modules)

    @cached_property
    def calls(self) -> dict[str, list[tuple[Module, s.Call]]]:
        """Calls of library functions by qualified name."""
        found: dict[str, list[tuple[Module, s.Call]]] = {}
        for module in self.modules:
            for call in module.nodes(s.Call):
                for item in self.value(call.func):
                    if item.kind is Kind.LIBRARY:
                        found.setdefault(str(item.data), []).append((module, call))
        return found

    def value(self, node: s.Node) -> Value:
        """What an expression may be."""
        return self.after.trace.values.get(node, frozenset())

    def events(self, kind: type[EventKind]) -> list[EventKind]:
        """Events of a kind, in order."""
        return list(of_kind(self.after.trace.events, kind))

    def module_of(self, node: s.Node) -> Module:
        """The module that a node is part of."""
        while node.parent is not None:
            node = node.parent
        return self._modules_by_root[node]

    @cached_property
    def _modules_by_root(self) -> dict[s.Node, Module]:
        return {module.root: module for module in self.modules}

    def is_required(self, item: Object) -> bool:
        """Whether an object is one of those that are prepared."""
        return key_of(item.raw) in self.keys

    @cached_property
    def _involved(self) -> set[s.Node]:
        return involved_scopes(self.before, self.after, self.components, self.required)

    def is_involved(self, node: s.Node) -> bool:
        """Whether a node's code takes part in the training."""
        return scope_of(node) in self._involved

    def is_run(self, node: s.Node) -> bool:
        """Whether the program's own run gets to a node's code, whether that takes part in the training or not."""
        frames = self.before.trace.frames.get(scope_of(node), ())
        return any(frame.beginning().node is self.program.entry.root for frame in frames)
