"""Definitions of imported modules that a program never runs: the loop of another script, the demo that ends a library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind
from migrator.source import syntax as s
from migrator.source.module import Module

_DYNAMIC = frozenset({"globals", "eval", "exec", "__import__", "import_module", "__dict__"})  # may name anything


def asks_for_main(test: s.Node) -> bool:
    """Whether a condition is `__name__ == "__main__"`, which settles for good what an imported module does not do."""
    return any(isinstance(x, s.Name) and x.id == "__name__" for x in test.walk())


def idle_definitions(interpreter: Interpreter) -> set[s.FunctionDef | s.ClassDef]:
    """Give the functions and classes at the top of imported modules that nothing in the program mentions.

    Other idle code may mention them, and so may what a module does as the main program, which it is not here. A string
    mentions what it spells; a decorator, or a lookup by a name that is made up, may hand anything on.
    """
    idle: dict[str, set[s.FunctionDef | s.ClassDef]] = defaultdict(set)
    never: set[s.Node] = set()
    for module in interpreter.modules:
        for node in module.root.body.statements if module is not interpreter.program.entry else ():
            if isinstance(node, (s.FunctionDef, s.ClassDef)) and not node.decorators:
                idle[node.name].add(node)
            elif isinstance(node, s.If) and asks_for_main(node.test):
                never.add(node)
    mentions = [mention for module in interpreter.modules for mention in _mentions(interpreter, module)] if idle else []
    while idle:
        known = never.union(*idle.values())
        needed = {name for name, place in mentions if place not in known and (name in idle or name in _DYNAMIC)}
        if not needed.isdisjoint(_DYNAMIC):
            return set()
        if not needed:
            break
        for name in needed:
            del idle[name]
    return set().union(*idle.values())


def _mentions(interpreter: Interpreter, module: Module) -> Iterator[tuple[str, s.Node]]:
    """The names that a module's code reads or spells, each with the statement at the top of the module that it is part of."""
    for node in module.variables():
        name = node.id if isinstance(node, s.Name) else node.name
        yield ("eval" if _is_lookup(interpreter, node) else name), _top(node)
    for literal in module.nodes(s.Literal):
        if isinstance(literal.value, str) and literal.value.isidentifier():
            yield literal.value, _top(literal)


def _is_lookup(interpreter: Interpreter, node: s.Node) -> bool:
    """Whether a name is that of `getattr`, called on a module."""
    call = node.parent
    if not (isinstance(node, s.Name) and node.id in ("getattr", "vars") and isinstance(call, s.Call) and call.args):
        return False
    return any(x.kind is Kind.MODULE for x in interpreter.trace.values.get(call.args[0].value, ()))


def _top(node: s.Node) -> s.Node:
    statement = node.statement
    while not isinstance(statement.block.owner, s.Root):
        statement = statement.block.owner
    return statement
