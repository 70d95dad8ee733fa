"""Decorators of the program's own: whether what they give passes every argument on to the function that it wraps."""

from __future__ import annotations

from typing import Any

from migrator.source import syntax as s


def passes_on(node: s.Node | None) -> bool:
    """Whether a decorator gives back its function, or a wrapper that calls it with all of the arguments, always and once."""
    if not isinstance(node, s.FunctionDef):
        return False
    params = [x for x in node.params if x.name not in ("self", "cls")]
    if len(params) != 1 or params[0].kind not in ("position", "either"):
        return False
    given = [x.value for x in node.body.walk() if isinstance(x, s.Return) and _owner(x) is node]
    name = params[0].name
    kept = {name, *(x.name for x in _inner(node) if _forwards(x, name))}
    return bool(given) and all(isinstance(x, s.Name) and x.id in kept for x in given)


def wrappers_of(node: s.Node | None) -> list[s.FunctionDef]:
    """The functions in a decorator that do nothing but call what it wraps, beside what is their own."""
    if not isinstance(node, s.FunctionDef) or not node.params:
        return []
    return [x for x in _inner(node) if any(_forwards(x, param.name) for param in node.params)]


def _inner(node: s.FunctionDef) -> list[s.FunctionDef]:
    return [x for x in node.body.walk() if isinstance(x, s.FunctionDef) and x.block.owner is node]


def _forwards(wrapper: s.FunctionDef, name: str) -> bool:
    """Whether a wrapper calls the wrapped function with its own ``*args, **kwargs``, under no condition and in no loop."""
    stars = {x.kind: x.name for x in wrapper.params if x.kind in ("*", "**")}
    calls = [
        x for x in wrapper.body.walk() if isinstance(x, s.Call) and isinstance(x.func, s.Name) and x.func.id == name
    ]
    return len(stars) == 2 and len(calls) == 1 and _is_plain(calls[0], wrapper) and _gives(calls[0], stars)


def _gives(call: s.Call, stars: dict[str, str]) -> bool:
    given = {arg.star: arg.value.id for arg in call.args if arg.star and isinstance(arg.value, s.Name)}
    return given == stars


def _is_plain(call: s.Call, wrapper: s.FunctionDef) -> bool:
    """Whether a call in a wrapper runs each time that the wrapper does."""
    node: Any = call
    while node is not wrapper:
        if isinstance(node, (s.If, s.For, s.While, s.Match, s.Conditional, s.Boolean, s.Lambda, s.Comprehension)):
            return False
        if isinstance(node, s.FunctionDef):
            return False
        node = node.parent
    return True


def _owner(node: s.Node) -> s.Node:
    """The function that a statement belongs to."""
    while not isinstance(node, (s.FunctionDef, s.Root)):
        assert node.parent is not None
        node = node.parent
    return node
