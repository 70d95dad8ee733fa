"""How each small libcst statement is lowered."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from migrator.source import syntax as s
from migrator.source.parse.lowering import Lowering, Table

STATEMENTS: Table[s.Statement] = Table()


# ---------------------------------------------------------------- small statements


@STATEMENTS.on("Assign")
def _assign(low: Lowering, node: cst.Assign, parent: s.Node) -> s.Assign:
    new = low.make(s.Assign, node, parent)
    new.targets = [low.target(target.target, new) for target in node.targets]
    new.value = low.expression(node.value, new)
    return new


@STATEMENTS.on("AugAssign")
def _augment(low: Lowering, node: cst.AugAssign, parent: s.Node) -> s.Augment:
    new = low.make(s.Augment, node, parent)
    new.target = low.target(node.target, new)
    new.operator = node.operator.__class__.__name__.removesuffix("Assign")
    new.value = low.expression(node.value, new)
    return new


@STATEMENTS.on("AnnAssign")
def _annotate(low: Lowering, node: cst.AnnAssign, parent: s.Node) -> s.Annotate:
    new = low.make(s.Annotate, node, parent)
    new.target = low.target(node.target, new)
    new.annotation = low.expression(node.annotation.annotation, new)
    new.value = low.optional(node.value, new)
    return new


@STATEMENTS.on("TypeAlias")
def _type_alias(low: Lowering, node: cst.TypeAlias, parent: s.Node) -> s.Assign:
    new = low.make(s.Assign, node, parent)
    new.targets = [low.target(node.name, new)]
    new.value = low.expression(node.value, new) if node.type_parameters is None else _generic_alias(low, node, new)
    return new


def _generic_alias(low: Lowering, node: cst.TypeAlias, parent: s.Node) -> s.Lambda:
    """Lower ``type A[T] = list[T]``, whose value is evaluated when it is asked for, like ``lambda T: list[T]``."""
    new = low.make(s.Lambda, node.value, parent)
    new.namespace = low.enter("generic", new)
    new.params = low.type_parameters(node.type_parameters, new)
    new.body = low.expression(node.value, new)
    low.leave(new.namespace)
    return new


@STATEMENTS.on("Raise")
def _raise(low: Lowering, node: cst.Raise, parent: s.Node) -> s.Raise:
    new = low.make(s.Raise, node, parent)
    new.values = low.present((node.exc, node.cause.item if node.cause is not None else None), new)
    return new


@STATEMENTS.on("Del")
def _delete(low: Lowering, node: cst.Del, parent: s.Node) -> s.Delete:
    new = low.make(s.Delete, node, parent)
    several = node.target.elements if isinstance(node.target, cst.Tuple) and not node.target.lpar else None
    new.targets = low.present(several or (node.target,), new)
    for target in new.targets:
        low.scope.bound.update(name.id for name in _deleted(target))
    return new


def _deleted(target: s.Expression) -> list[s.Name]:
    """Give the names that are unbound, which for Python makes them local."""
    if isinstance(target, s.Collection):
        return [name for item in target.items for name in _deleted(item)]
    return [target] if isinstance(target, s.Name) else []


@STATEMENTS.on("Global")
def _global(low: Lowering, node: cst.Global, parent: s.Node) -> s.Declare:
    new = low.make(s.Declare, node, parent)
    new.word, new.names = "global", [item.name.value for item in node.names]
    low.scope.globals.update(new.names)
    low.scope.module.bound.update(new.names)
    return new


@STATEMENTS.on("Nonlocal")
def _nonlocal(low: Lowering, node: cst.Nonlocal, parent: s.Node) -> s.Declare:
    new = low.make(s.Declare, node, parent)
    new.word, new.names = "nonlocal", [item.name.value for item in node.names]
    low.scope.nonlocals.update(new.names)
    return new


@STATEMENTS.on("Expr")
def _evaluate(low: Lowering, node: cst.Expr, parent: s.Node) -> s.Evaluate:
    new = low.make(s.Evaluate, node, parent)
    new.value = low.expression(node.value, new)
    return new


@STATEMENTS.on("Return")
def _return(low: Lowering, node: cst.Return, parent: s.Node) -> s.Return:
    new = low.make(s.Return, node, parent)
    new.value = low.optional(node.value, new)
    return new


@STATEMENTS.on("Assert")
def _assert(low: Lowering, node: cst.Assert, parent: s.Node) -> s.Assert:
    new = low.make(s.Assert, node, parent)
    new.values = low.present((node.test, node.msg), new)
    return new


@STATEMENTS.on("Pass", "Break", "Continue")
def _jump(low: Lowering, node: cst.Pass | cst.Break | cst.Continue, parent: s.Node) -> s.Jump:
    new = low.make(s.Jump, node, parent)
    new.word = node.__class__.__name__.lower()
    return new


# ---------------------------------------------------------------- imports


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    assert isinstance(node, cst.Name)
    return node.value


def _imported(names: Iterable[cst.ImportAlias]) -> list[tuple[str, str | None]]:
    return [(_dotted(item.name), _dotted(item.asname.name) if item.asname is not None else None) for item in names]


@STATEMENTS.on("Import", "LazyImport")
def _import(low: Lowering, node: cst.Import, parent: s.Node) -> s.Import:
    new = low.make(s.Import, node, parent)
    new.names = _imported(node.names)
    for name, alias in new.names:
        low.bind(alias or name.partition(".")[0])
    return new


@STATEMENTS.on("ImportFrom", "LazyImportFrom")
def _import_from(low: Lowering, node: cst.ImportFrom, parent: s.Node) -> s.ImportFrom:
    new = low.make(s.ImportFrom, node, parent)
    new.level = len(node.relative)
    new.module = _dotted(node.module) if node.module is not None else ""
    new.names = None if isinstance(node.names, cst.ImportStar) else _imported(node.names)
    for name, alias in new.names or ():
        low.bind(alias or name)
    return new
