"""Every use of an object, wherever it flows: read from what the interpreter found that each expression may hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from migrator.inference.element import deep
from migrator.inference.function import entered
from migrator.inference.interpreter import Interpreter
from migrator.inference.knowledge import ITERATE
from migrator.inference.objects import NOTHING, Kind, Object, Value
from migrator.inference.state import Frame
from migrator.inference.trace import Escaped, Event, Prepared, Saved, Stored
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training import object_use as u
from migrator.training.components import Key, key_of
from migrator.training.object_use import Use

_CONTAINERS = frozenset({Kind.SEQUENCE, Kind.DICT})
_FILLING = frozenset({"append", "add", "insert", "extend", "appendleft", "update", "setdefault"})
_INSPECTING = frozenset({"bool", "callable", "hasattr", "id", "isinstance", "len", "print", "repr", "str", "type"})
# they call a local function with what they are given, so that it flows on into the function's parameters
_CALLING = frozenset(
    {
        "functools.partial",
        "multiprocessing.Process",
        "threading.Thread",
        "torch.multiprocessing.Process",
        "torch.multiprocessing.spawn",
    }
)
# what has attributes that are read back as they were written; those of anything else belong to code that is not seen
_OWNERS = frozenset({Kind.INSTANCE, Kind.MODEL, Kind.MODULE, Kind.CLASS, Kind.OPTION})
_DEPTH = 3  # containers within containers


class UseIndex:
    """Finds the uses of objects in what the interpreter recorded.

    An object that only an instance holds is not followed where that instance goes to code that is not seen.
    """

    def __init__(self, interpreter: Interpreter, module_of: Callable[[s.Node], Module]) -> None:
        self._walk = interpreter
        self._module_of = module_of
        self._holders: dict[Object, list[s.Expression]] = defaultdict(list)
        for node, value in interpreter.trace.values.items():
            if isinstance(node, s.Expression) and not getattr(node, "store", False):
                for item in value:
                    self._holders[item.raw].append(node)
        self._objects: dict[Key, list[Object]] = defaultdict(list)
        for item in self._holders:
            self._objects[key_of(item)].append(item)
        self._events: dict[Object, list[Event]] = defaultdict(list)
        for event in interpreter.trace.events:
            if isinstance(event, (Escaped, Prepared, Saved, Stored)):
                self._events[event.item.raw].append(event)
        self._activations: dict[s.Node, list[Frame]] = defaultdict(list)  # by call
        for frames in interpreter.trace.frames.values():
            for frame in frames:
                if frame.call is not None:
                    self._activations[frame.call].append(frame)

    def of(self, item: Object) -> list[Use]:
        """Give every use of an object, prepared or not, in the order in which the program first gets to them."""
        found = (use for same in self._objects.get(key_of(item.raw), ()) for use in self._of(same, _DEPTH))
        return list(dict.fromkeys(found))

    def _of(self, item: Object, depth: int) -> Iterator[Use]:
        for node in self._holders.get(item, ()):
            use = self._classify(item, node)
            if use is not None:
                yield use
            if isinstance(use, u.Contained) and depth:
                yield from self._through(use, depth - 1)
        known = set(self._holders.get(item, ()))
        for event in self._events[item]:
            if isinstance(event, Saved):
                yield self._saved(event, item, known)

    def _through(self, contained: u.Contained, depth: int) -> Iterator[Use]:
        """The uses of a container that are uses of what it contains: it goes where that cannot be followed."""
        for container in self._value(contained.container):
            for use in self._of(container, depth) if container.kind in _CONTAINERS else ():
                if isinstance(use, u.Flow) and not use.followed and not self._is_drawn(use):
                    yield replace(use, alone=contained.alone)

    def _is_drawn(self, use: u.Flow) -> bool:
        """Whether a container is only taken apart: ``for scaler, optimizer in zip(scalers, optimizers)``."""
        return isinstance(use, u.Passed) and use.function in ITERATE

    # ------------------------------------------------------------ what the text around an expression does with it

    def _classify(self, item: Object, node: s.Expression) -> Use | None:
        """What is done with an object in an expression; None where the expression around it holds the object as well."""
        module, alone = self._module_of(node), all(x.raw is item for x in self._value(node))
        parent = node.parent
        match parent:
            case s.Attribute() if parent.store:
                return u.AttributeWrite(node, module, alone, parent, parent.name)
            case s.Attribute():
                call = parent.parent
                if isinstance(call, s.Call) and call.func is parent:
                    return u.MethodCall(node, module, alone, call, parent.name)
                return u.AttributeRead(node, module, alone, parent, parent.name)
            case s.Argument(parent=s.Call() as call):
                return self._argument(item, node, call, module, alone)
            case s.Call():
                return u.ObjectCall(node, module, alone, parent)
            case s.FunctionDef() | s.ClassDef() if node in parent.decorators:
                return u.ObjectCall(node, module, alone, parent)
            case s.Collection() | s.Mapping():
                return u.Contained(node, module, alone, True, parent)
            case s.Comprehension() if node is parent.value:
                return u.Contained(node, module, alone, True, parent)
            case s.Subscript() if node is parent.value:
                return u.Indexed(node, module, alone, parent)
            case s.Compare():
                return u.Compared(node, module, alone, parent)
            case s.Generator() | s.For() if node is parent.iter:
                return u.Iterated(node, module, alone)
            case s.Evaluate():
                return u.Discarded(node, module, alone)
            case s.Return() | s.Yield() | s.Lambda():
                function = _function(node)
                return u.Returned(node, module, alone, self._is_seen(function), function)
            case _:
                return self._rest(item, node, module, alone)

    def _rest(self, item: Object, node: s.Expression, module: Module, alone: bool) -> Use | None:
        parent = node.parent
        match parent:
            case s.Assign():
                return self._bound(node, parent.targets, module, alone)
            case s.Annotate() | s.Walrus():
                return self._bound(node, [parent.target], module, alone)
            case s.WithItem(parent=s.With() as statement):
                return u.Entered(node, module, alone, statement)
            case s.Parameter() if node is parent.default:
                return u.Bound(node, module, alone, True, parent)
            case s.If() | s.While() | s.Assert() | s.Unary(operator="not"):
                return u.Tested(node, module, alone)
            case s.Conditional() if node is parent.test:
                return u.Tested(node, module, alone)
            case s.Boolean() | s.Conditional() | s.Starred() | s.Await():
                passes = any(x.raw is item for x in self._value(parent))
                return None if passes else u.Tested(node, module, alone)
            case _:
                return u.Unclassified(node, module, alone)

    def _bound(self, node: s.Expression, targets: list[s.Expression], module: Module, alone: bool) -> Use:
        for target in targets:
            if isinstance(target, s.Subscript):
                kinds = {x.kind for x in self._value(target.value)}
                return u.Contained(node, module, alone, bool(kinds) and kinds <= _CONTAINERS, target.value)
        followed = all(self._is_read_back(target) for target in targets)
        return u.Bound(node, module, alone, followed, targets[0])

    def _is_read_back(self, target: s.Expression) -> bool:
        """Whether what a target is bound to is known wherever the target is read."""
        match target:
            case s.Attribute():
                kinds = {x.kind for x in self._value(target.value)}
                return bool(kinds) and kinds <= _OWNERS
            case s.Collection():
                return all(self._is_read_back(part) for part in target.items)
            case _:
                return isinstance(target, (s.Name, s.Starred))

    # ------------------------------------------------------------ what a call does with its arguments

    def _argument(self, item: Object, node: s.Expression, call: s.Call, module: Module, alone: bool) -> Use:
        callees = self._value(call.func)
        names = {str(x.data) for x in callees if x.kind is Kind.LIBRARY}
        function = min(names) if len(names) == len(callees) and names else ""
        if function in _INSPECTING:
            return u.Inspected(node, module, alone, call, function)
        if function == "torch.save" or any(isinstance(x, Saved) and x.node is call for x in self._events[item]):
            return u.Saved(node, module, alone, call)
        container = self._filled(call)
        if container is not None:
            return u.Contained(node, module, alone, True, container)
        return u.Passed(node, module, alone, self._is_followed(item, call, callees, function), call, function)

    def _filled(self, call: s.Call) -> s.Expression | None:
        """The container that a call makes of its arguments, or that it adds them to."""
        if isinstance(call.func, s.Attribute) and call.func.name in _FILLING:
            kinds = {x.kind for x in self._value(call.func.value)}
            return call.func.value if kinds and kinds <= _CONTAINERS else None
        made = self._value(call)
        named = {x.kind for x in self._value(call.func)} == {Kind.LIBRARY}
        return call if named and made and all(x.kind in _CONTAINERS and x.site is call for x in made) else None

    def _is_followed(self, item: Object, call: s.Call, callees: Value, function: str) -> bool:
        """Whether all code that a call hands an object to was interpreted with that object."""
        if any(isinstance(x, Escaped) and x.node is call and x.to is not None for x in self._events[item]):
            return False
        if any(isinstance(x, Prepared) and x.node is call for x in self._events[item]):
            return True
        if function in _CALLING:
            return function == "functools.partial" or any(
                self._reaches(item, frame) for frame in self._activations[call]
            )
        return bool(callees) and all(self._enters(item, call, callee) for callee in callees)

    def _enters(self, item: Object, call: s.Call, callee: Object) -> bool:
        function = entered(self._walk, callee)
        if function is not None:
            return any(self._reaches(item, frame) for frame in self._walk.trace.frames.get(function, ()))
        stored = (x for x in self._events[item] if isinstance(x, Stored) and x.node is call)
        return callee.kind is Kind.CLASS and any(stored)  # a dataclass has no code of its own

    def _reaches(self, item: Object, frame: Frame) -> bool:
        return any(x.raw is item for value in frame.given.values() for x in deep(self._walk, value))

    # ------------------------------------------------------------

    def _saved(self, event: Saved, item: Object, holders: Iterable[s.Expression]) -> Use:
        """What is written to a file: at the argument that holds it, else at the call, which gets it in a container."""
        values = [arg.value for arg in event.node.args if arg.value in holders]
        node = values[0] if values else event.node
        alone = not values or all(x.raw is item for x in self._value(node))
        return u.Saved(node, self._module_of(node), alone, event.node)

    def _is_seen(self, function: s.Node) -> bool:
        return function in self._walk.trace.calls and function not in self._walk.trace.unseen

    def _value(self, node: s.Node) -> Value:
        return self._walk.trace.values.get(node, NOTHING)


def _function(node: s.Node) -> s.Node:
    """The function that an expression is part of; the module's root where it is part of none."""
    found: s.Node | None = node
    while not isinstance(found, (s.FunctionDef, s.Lambda, s.Root)):
        assert found is not None
        found = found.parent
    return found
