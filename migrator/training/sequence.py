"""Which of two places of a program one run may come to first, whatever functions they stand in."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from migrator.inference.interpreter import Interpreter
from migrator.inference.state import Frame
from migrator.source import syntax as s
from migrator.training.position import scope_of, statements_up
from migrator.training.reaching_definitions import Order

# the activations that lead to a place, outermost first, each with the node that it is at; None: a call that cannot be seen
Way = list[tuple[Frame, s.Node | None]]


def ways_to(interpreter: Interpreter, node: s.Node) -> list[Way]:
    """Give the ways to a node, one for each activation of its function."""
    return [way_from(frame, node) for frame in interpreter.trace.frames.get(scope_of(node), [])]


def way_from(frame: Frame, node: s.Node) -> Way:
    """Give the way to a node in an activation."""
    way: Way = []
    at: s.Node | None = node
    for here in frame.chain():
        way.append((here, at))
        at = here.call
    return way[::-1]


def may_come_first(order: Order, first: Way, second: Way) -> bool:
    """Whether a run that gets to the second place may have been at the first one before."""
    for (frame, node), (other, reached) in zip(first, second, strict=False):
        if frame is not other:
            return False
        if node is not reached:
            assert node is not None
            assert reached is not None
            return order.is_before(node, reached) and not _exclude(node, reached)
    return False


def goes_on_to(node: s.Node, other: s.Node) -> bool:
    """Whether code of one function that is at a node may go on to another one without a turn of a loop around both."""
    if _exclude(node, other):
        return False
    around = {block for block, _ in statements_up(other, None)}
    return not any(_leaves(block) for block, _ in statements_up(node, None) if block not in around)


def _leaves(block: s.Block) -> bool:
    last = block.statements[-1]
    return isinstance(last, (s.Return, s.Raise)) or (isinstance(last, s.Jump) and last.word != "pass")


def _exclude(node: s.Node, other: s.Node) -> bool:
    """Whether two nodes of one function stand in different arms: of one `if`, or of two that ask the same of a variable."""
    arms, others = dict(_arms(node)), dict(_arms(other))
    return any(others.get(test, taken) != taken for test, taken in arms.items())


def _arms(place: s.Node) -> Iterator[tuple[Hashable, bool]]:
    """The conditions around a node in its function, each with whether it holds there."""
    node: s.Node | None = place
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        parent = node.parent
        owner = parent.owner if isinstance(parent, s.Block) else None
        if isinstance(owner, s.If):
            test, holds = owner.test, parent is owner.body
            yield owner, holds
            if isinstance(test, s.Unary) and test.operator == "not":
                test, holds = test.operand, not holds
            if isinstance(test, s.Name) and _is_bound_once(test):
                yield (test.scope.resolve(test.id), test.id), holds
        node = parent


def _is_bound_once(name: s.Name) -> bool:
    scope = name.scope.resolve(name.id)
    return scope is not None and sum(x.store for x in scope.names.get(name.id, ())) <= 1
