"""How that is lowered which libcst and Python's own parser write alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migrator.source import syntax as s
from migrator.source.lowering import Lowering


def slice_(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower a slice."""
    new = low.make(s.Slice, node, parent)
    new.parts = [low.expression(part, new) for part in (node.lower, node.upper, node.step) if part is not None]
    return new


def conditional(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower `a if b else c`."""
    new = low.make(s.Conditional, node, parent)
    new.body = low.expression(node.body, new)
    new.test = low.expression(node.test, new)
    new.orelse = low.expression(node.orelse, new)
    return new


def walrus(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower `a := b`."""
    new = low.make(s.Walrus, node, parent)
    inner = low.scope
    while low.scope.kind == "comprehension":  # PEP 572: it binds in the function around the comprehension
        low.leave(low.scope)
    new.target = low.target(node.target, new)
    low.scope = inner
    new.value = low.expression(node.value, new)
    return new


def lambda_(low: Lowering, node: Any, parameters: Any, parent: Any) -> Any:
    """Lower `lambda x: y`, whose parameters each parser keeps in a place of its own."""
    new = low.make(s.Lambda, node, parent)
    new.params = low.parameters(parameters, new, None)
    new.namespace = low.enter("function", new)
    new.namespace.bound.update(param.name for param in new.params)
    outer, low.function = low.function, None
    new.body = low.expression(node.body, new)
    low.function = outer
    low.leave(new.namespace)
    return new


def generator(low: Lowering, node: Any, tests: Iterable[Any], parent: s.Comprehension) -> s.Generator:
    """Lower `for a in b if c` of a comprehension."""
    new: s.Generator = low.make(s.Generator, node, parent)
    new.target = low.target(node.target, new)
    if not parent.generators:  # the first iterable is evaluated outside
        low.leave(parent.namespace)
    new.iter = low.expression(node.iter, new)
    low.scope = parent.namespace
    new.tests = [low.expression(test, new) for test in tests]
    return new


def evaluate(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower an expression on its own."""
    new = low.make(s.Evaluate, node, parent)
    new.value = low.expression(node.value, new)
    return new


def return_(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower `return`."""
    new = low.make(s.Return, node, parent)
    new.value = low.optional(node.value, new)
    return new


def assert_(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower `assert`."""
    new = low.make(s.Assert, node, parent)
    new.values = [low.expression(value, new) for value in (node.test, node.msg) if value is not None]
    return new


def jump(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower `pass`, `break`, `continue`."""
    new = low.make(s.Jump, node, parent)
    new.word = node.__class__.__name__.lower()
    return new


def if_(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower `if`."""
    new = low.make(s.If, node, parent)
    new.is_elif = False
    new.test = low.expression(node.test, new)
    new.body = low.block(node.body, new, "body")
    new.orelse = low.orelse(node, new)
    return new


def for_(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower `for`."""
    new = low.make(s.For, node, parent)
    new.target = low.target(node.target, new)
    new.iter = low.expression(node.iter, new)
    new.body = low.block(node.body, new, "body")
    new.orelse = low.orelse(node, new)
    return new


def while_(low: Lowering, node: Any, parent: Any) -> Any:
    """Lower `while`."""
    new = low.make(s.While, node, parent)
    new.test = low.expression(node.test, new)
    new.body = low.block(node.body, new, "body")
    new.orelse = low.orelse(node, new)
    return new
