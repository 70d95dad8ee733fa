"""Taking device moves out of statements, and the statements with them where nothing would be left."""

from __future__ import annotations

from collections.abc import Iterable

from migrator.source import syntax as s
from migrator.source.block import Drop, Operation, Replace
from migrator.source.module import Module
from migrator.source.span import Span

# calls by which a condition asks for a GPU, and which change nothing
_ASKS = frozenset({"is_available", "device_count"})


def without_moves(node: s.Expression, moves: Iterable[s.Node]) -> s.Expression:
    """Give what is left of an expression when moves around it are taken off."""
    gone = set(moves)
    while node in gone:
        assert isinstance(node, s.Call)
        assert isinstance(node.func, s.Attribute)
        node = node.func.value
    return node


def removal(module: Module, statement: s.Statement, moves: list[s.Call]) -> list[Operation]:
    """Take moves out of a statement, and the statement with them where nothing would be left of it."""
    if is_hollow(module, statement, moves):
        return [Drop(statement)]
    copied = _taken_apart(module, statement, {*moves})
    if copied is not None:
        around, kept = module.outer(statement.value), module.outer(copied)  # type: ignore[attr-defined]
        return [Replace(Span(around.start, kept.start), ""), Replace(Span(kept.end, around.end), "")]
    found: list[Operation] = []
    for call in moves:
        user_device = call.parent
        if isinstance(user_device, s.Conditional) and _is_no_choice(module, user_device, set(moves)):
            left = user_device.orelse if call is user_device.body else user_device.body
            found.append(Replace(module.outer(user_device), module.text(without_moves(left, moves))))
        else:
            assert isinstance(call.func, s.Attribute)
            found.append(Replace(Span(module.outer(call.func.value).end, module.span(call).end), ""))
    return found


def _is_no_choice(module: Module, node: s.Conditional, gone: set[s.Node]) -> bool:
    """Whether nothing but a move depends on a condition: ``net.cuda() if cuda else net``."""
    arms = {module.text(without_moves(arm, gone)) for arm in (node.body, node.orelse)}
    moved = [arm for arm in (node.body, node.orelse) if arm in gone]
    return len(arms) == 1 and len(moved) == 1 and _is_quiet(node.test)


def _is_quiet(test: s.Node) -> bool:
    """Whether nothing happens while a condition is worked out."""
    calls = [node for node in (test, *test.walk()) if isinstance(node, (s.Call, s.Walrus, s.Await, s.Yield))]
    return all(isinstance(x, s.Call) and isinstance(x.func, s.Attribute) and x.func.name in _ASKS for x in calls)


def is_hollow(module: Module, statement: s.Statement, moves: Iterable[s.Node]) -> bool:
    """Whether a statement only moves: ``x = x.to(device)``, ``model.to(device)``."""
    gone = set(moves)
    if isinstance(statement, s.Evaluate):
        return statement.value in gone and isinstance(without_moves(statement.value, gone), (s.Name, s.Attribute))
    if not isinstance(statement, s.Assign) or len(statement.targets) != 1:
        return False
    return _same(module, statement.targets[0], statement.value, gone)


def _taken_apart(module: Module, statement: s.Statement, gone: set[s.Node]) -> s.Expression | None:
    """What ``x, y = (value.to(device) for value in data)`` takes apart; None for any other statement, or one of several lines."""
    if not isinstance(statement, s.Assign) or len(statement.targets) != 1 or "\n" in module.text(statement):
        return None
    value: s.Expression | None = statement.value
    if isinstance(value, s.Call) and isinstance(value.func, s.Name) and value.func.id in ("list", "tuple"):
        value = value.args[0].value if len(value.args) == 1 else None
    if not isinstance(statement.targets[0], s.Collection) or not isinstance(value, s.Comprehension):
        return None
    if value.kind not in ("list", "generator") or len(value.generators) != 1:
        return None
    part = value.generators[0]
    inner = without_moves(value.value, gone)
    if part.tests or inner is value.value or module.text(inner) != module.text(part.target):
        return None
    return part.iter


def _same(module: Module, target: s.Node, value: s.Expression, gone: set[s.Node]) -> bool:
    value = without_moves(value, gone)
    if isinstance(value, s.Conditional):
        return _is_quiet(value.test) and all(_same(module, target, arm, gone) for arm in (value.body, value.orelse))
    if isinstance(target, s.Collection) and isinstance(value, s.Collection):
        if len(target.items) != len(value.items):
            return False
        return all(_same(module, a, b, gone) for a, b in zip(target.items, value.items, strict=True))
    if isinstance(value, s.Comprehension) and len(value.generators) == 1:
        part = value.generators[0]
        again = isinstance(part.iter, s.Collection) and _same(module, target, part.iter, gone)
        if part.tests or not (again or module.text(part.iter).removesuffix(".items()") == module.text(target)):
            return False
        inner = without_moves(value.value, gone)
        if value.kind == "dict" and value.key is not None:
            shown = f"{module.text(value.key)}, {module.text(inner)}"
            return module.text(part.target).strip("()") == shown
        return value.kind in ("list", "generator") and module.text(inner) == module.text(part.target)
    if (
        isinstance(value, s.Call)
        and isinstance(value.func, s.Name)
        and value.func.id in ("list", "tuple")
        and len(value.args) == 1
    ):
        return (
            _same(module, target, value.args[0].value, gone)
            if isinstance(value.args[0].value, s.Comprehension)
            else False
        )
    return isinstance(value, (s.Name, s.Attribute)) and module.text(value) == module.text(target)
