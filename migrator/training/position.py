"""Where things stand in the text: blocks, statements, and what comes before what."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, TypeAlias

from migrator.source import syntax as s

CodeScope: TypeAlias = s.FunctionDef | s.Root  # whose code runs in one activation
Path = list[tuple[s.Block, int]]


def scope_of(node: s.Node) -> CodeScope:
    """Give the function (or the module's root) whose code a node is part of."""
    while True:
        parent = node.parent
        if parent is None:
            assert isinstance(node, s.Root)
            return node
        if isinstance(parent, s.FunctionDef) and node is parent.body:
            return parent
        node = parent


def statements_up(node: s.Node, scope: s.Node | None) -> Path:
    """Give the blocks that a node lies in within a scope, innermost first, each with the index of the statement there."""
    found = []
    statement = node if isinstance(node, s.Statement) else node.statement
    while True:
        found.append((statement.block, statement.index))
        owner = statement.block.owner
        if owner is scope or isinstance(owner, s.Root):
            return found
        statement = owner


def common_insertion_point(paths: list[Path]) -> tuple[s.Block, int] | None:
    """Give the innermost block that holds all statements and lies in no loop, with the first index among them."""
    for block, _ in paths[0]:
        indices = [next((i for other, i in path if other is block), None) for path in paths]
        if all(i is not None for i in indices) and not in_loop(block):
            return block, min(i for i in indices if i is not None)
    return None


def comes_before(node: s.Node, here: dict[s.Block, int]) -> bool:
    """Whether a statement ends before another one begins, given the blocks around that other one."""
    statement = node.statement
    while True:
        if statement.block in here:
            return bool(statement.index < here[statement.block])
        owner = statement.block.owner
        if isinstance(owner, (s.Root, s.FunctionDef, s.ClassDef)):
            return False
        statement = owner


def comes_after(node: s.Node, here: dict[s.Block, int]) -> bool:
    """Whether a node's statement comes after an insertion point, given its index in each of its blocks, innermost first.

    It is at the index in its own block, and inside the statement at that index in those around it.
    """
    innermost = next(iter(here))
    statement = node if isinstance(node, s.Statement) else node.statement
    while True:
        block = statement.block
        if block in here:
            return bool(statement.index >= here[block] if block is innermost else statement.index > here[block])
        owner = block.owner
        if isinstance(owner, (s.Root, s.FunctionDef, s.ClassDef)):
            return False
        statement = owner


def in_loop(block: s.Block) -> bool:
    """Whether a block is inside a loop of its function."""
    node: Any = block
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root, s.ClassDef)):
        if isinstance(node, (s.For, s.While)):
            return True
        node = node.parent
    return False


def within(node: s.Node | None, outer: s.Node) -> bool:
    """Whether a node is another one or part of it."""
    while node is not None:
        if node is outer:
            return True
        node = node.parent
    return False


def within_any(node: s.Node, outer: Set[s.Node]) -> bool:
    """Whether a node is one of some others, or part of one."""
    found: Any = node
    while found is not None:
        if found in outer:
            return True
        found = found.parent
    return False


def class_of(scope: s.Node) -> s.ClassDef | None:
    """Give the class whose instances a function is a method of; None for a static or class method, or no method."""
    if not isinstance(scope, s.FunctionDef) or not isinstance(scope.block.owner, s.ClassDef):
        return None
    words = {x.id for x in scope.decorators if isinstance(x, s.Name)}
    return None if words & {"staticmethod", "classmethod"} or not scope.params else scope.block.owner


def after_docstring(block: s.Block) -> int:
    """Give the index after a docstring and a call of the base constructor."""
    index = 0
    for statement in block.statements:
        value = statement.value if isinstance(statement, s.Evaluate) else None
        base = isinstance(value, s.Call) and isinstance(value.func, s.Attribute) and value.func.name == "__init__"
        if not base and not (isinstance(value, s.Literal) and index == 0):
            break
        index += 1
    return min(index, len(block.statements) - 1)
