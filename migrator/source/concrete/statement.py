"""How each small libcst statement is lowered."""

from __future__ import annotations

from typing import Any

import libcst as cst

from migrator.source import syntax as s
from migrator.source.alike import assert_, evaluate, jump, return_
from migrator.source.concrete.lowering import ConcreteLowering as Lowering
from migrator.source.lowering import Table

STATEMENTS = Table(cst)


# ---------------------------------------------------------------- small statements


@STATEMENTS.on("Assign")
def _assign(low: Lowering, node: cst.Assign, parent: Any) -> Any:
    new = low.make(s.Assign, node, parent)
    new.targets = [low.target(target.target, new) for target in node.targets]
    new.value = low.expression(node.value, new)
    return new


@STATEMENTS.on("AugAssign")
def _augment(low: Lowering, node: cst.AugAssign, parent: Any) -> Any:
    new = low.make(s.Augment, node, parent)
    new.target = low.target(node.target, new)
    new.operator = node.operator.__class__.__name__.removesuffix("Assign")
    new.value = low.expression(node.value, new)
    return new


@STATEMENTS.on("AnnAssign")
def _annotate(low: Lowering, node: cst.AnnAssign, parent: Any) -> Any:
    new = low.make(s.Annotate, node, parent)
    new.target = low.target(node.target, new)
    new.annotation = low.expression(node.annotation.annotation, new)
    new.value = low.optional(node.value, new)
    return new


@STATEMENTS.on("TypeAlias")
def _type_alias(low: Lowering, node: cst.TypeAlias, parent: Any) -> Any:
    new = low.make(s.Assign, node, parent)
    new.targets = [low.target(node.name, new)]
    new.value = low.expression(node.value, new) if node.type_parameters is None else _generic_alias(low, node, new)
    return new


def _generic_alias(low: Lowering, node: cst.TypeAlias, parent: Any) -> s.Lambda:
    """Lower ``type A[T] = list[T]``, whose value is evaluated when it is asked for, like ``lambda T: list[T]``."""
    new: s.Lambda = low.make(s.Lambda, node.value, parent)
    new.namespace = low.enter("generic", new)
    new.params = low.type_parameters(node.type_parameters, new)
    new.body = low.expression(node.value, new)
    low.leave(new.namespace)
    return new


@STATEMENTS.on("Raise")
def _raise(low: Lowering, node: cst.Raise, parent: Any) -> Any:
    new = low.make(s.Raise, node, parent)
    values = (node.exc, node.cause.item if node.cause is not None else None)
    new.values = [low.expression(value, new) for value in values if value is not None]
    return new


@STATEMENTS.on("Del")
def _delete(low: Lowering, node: cst.Del, parent: Any) -> Any:
    new = low.make(s.Delete, node, parent)
    bare = isinstance(node.target, cst.Tuple) and not node.target.lpar
    items: Any = node.target.elements if bare else [node.target]  # type: ignore[attr-defined]
    new.targets = [low.expression(item, new) for item in items]
    for target in new.targets:
        low.scope.bound.update(name.id for name in _deleted(target))
    return new


def _deleted(target: Any) -> list[s.Name]:
    """Give the names that are unbound, which for Python makes them local."""
    if isinstance(target, s.Collection):
        return [name for item in target.items for name in _deleted(item)]
    return [target] if isinstance(target, s.Name) else []


@STATEMENTS.on("Global")
def _global(low: Lowering, node: cst.Global, parent: Any) -> Any:
    new = low.make(s.Declare, node, parent)
    new.word, new.names = "global", [item.name.value for item in node.names]
    low.scope.globals.update(new.names)
    low.scope.module.bound.update(new.names)
    return new


@STATEMENTS.on("Nonlocal")
def _nonlocal(low: Lowering, node: cst.Nonlocal, parent: Any) -> Any:
    new = low.make(s.Declare, node, parent)
    new.word, new.names = "nonlocal", [item.name.value for item in node.names]
    low.scope.nonlocals.update(new.names)
    return new


# ---------------------------------------------------------------- imports


def _dotted(node: Any) -> str:
    return node.value if isinstance(node, cst.Name) else f"{_dotted(node.value)}.{node.attr.value}"


def _imported(names: Any) -> list[tuple[str, str | None]]:
    return [(_dotted(item.name), item.asname.name.value if item.asname is not None else None) for item in names]


@STATEMENTS.on("Import", "LazyImport")
def _import(low: Lowering, node: cst.Import, parent: Any) -> Any:
    new = low.make(s.Import, node, parent)
    new.names = _imported(node.names)
    for name, alias in new.names:
        low.bind(alias or name.partition(".")[0])
    return new


@STATEMENTS.on("ImportFrom", "LazyImportFrom")
def _import_from(low: Lowering, node: cst.ImportFrom, parent: Any) -> Any:
    new = low.make(s.ImportFrom, node, parent)
    new.level = len(node.relative)
    new.module = _dotted(node.module) if node.module is not None else ""
    new.names = None if isinstance(node.names, cst.ImportStar) else _imported(node.names)
    for name, alias in new.names or ():
        low.bind(alias or name)
    return new


# what both parsers write alike
STATEMENTS.on("Expr")(evaluate)
STATEMENTS.on("Return")(return_)
STATEMENTS.on("Assert")(assert_)
STATEMENTS.on("Pass", "Break", "Continue")(jump)
