"""How each statement of Python's own tree is lowered."""

from __future__ import annotations

import ast
from typing import Any

from migrator.source import syntax as s
from migrator.source.alike import assert_, evaluate, for_, if_, jump, return_, while_
from migrator.source.native.expression import operator_name
from migrator.source.native.lowering import NativeLowering as Lowering
from migrator.source.native.lowering import NativeTable, Unread

STATEMENTS = NativeTable(ast)


# ---------------------------------------------------------------- small statements


@STATEMENTS.on("Assign")
def _assign(low: Lowering, node: ast.Assign, parent: Any) -> Any:
    new = low.make(s.Assign, node, parent)
    new.targets = [low.target(target, new) for target in node.targets]
    new.value = low.expression(node.value, new)
    return new


@STATEMENTS.on("AugAssign")
def _augment(low: Lowering, node: ast.AugAssign, parent: Any) -> Any:
    new = low.make(s.Augment, node, parent)
    new.target = low.target(node.target, new)
    new.operator = operator_name(node.op)
    new.value = low.expression(node.value, new)
    return new


@STATEMENTS.on("AnnAssign")
def _annotate(low: Lowering, node: ast.AnnAssign, parent: Any) -> Any:
    new = low.make(s.Annotate, node, parent)
    new.target = low.target(node.target, new)
    new.annotation = low.expression(node.annotation, new)
    new.value = low.optional(node.value, new)
    return new


@STATEMENTS.on("Raise")
def _raise(low: Lowering, node: ast.Raise, parent: Any) -> Any:
    new = low.make(s.Raise, node, parent)
    new.values = [low.expression(value, new) for value in (node.exc, node.cause) if value is not None]
    return new


@STATEMENTS.on("Delete")
def _delete(low: Lowering, node: ast.Delete, parent: Any) -> Any:
    new = low.make(s.Delete, node, parent)
    new.targets = [low.expression(target, new) for target in node.targets]
    names = (x for target in node.targets for x in ast.walk(target) if isinstance(x, ast.Name))
    low.scope.bound.update(x.id for x in names if isinstance(x.ctx, ast.Del))
    return new


@STATEMENTS.on("Global", "Nonlocal")
def _declare(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Declare, node, parent)
    new.word, new.names = node.__class__.__name__.lower(), list(node.names)
    if new.word == "global":
        low.scope.globals.update(new.names)
        low.scope.module.bound.update(new.names)
    else:
        low.scope.nonlocals.update(new.names)
    return new


@STATEMENTS.on("Import")
def _import(low: Lowering, node: ast.Import, parent: Any) -> Any:
    new = low.make(s.Import, node, parent)
    new.names = [(item.name, item.asname) for item in node.names]
    for name, alias in new.names:
        low.bind(alias or name.partition(".")[0])
    return new


@STATEMENTS.on("ImportFrom")
def _import_from(low: Lowering, node: ast.ImportFrom, parent: Any) -> Any:
    new = low.make(s.ImportFrom, node, parent)
    new.level, new.module = node.level, node.module or ""
    is_star = node.names[0].name == "*"
    new.names = None if is_star else [(item.name, item.asname) for item in node.names]
    for name, alias in new.names or ():
        low.bind(alias or name)
    return new


# ---------------------------------------------------------------- compound statements


@STATEMENTS.on("With", "AsyncWith")
def _with(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.With, node, parent)
    new.items = [_with_item(low, item, new) for item in node.items]
    new.body = low.block(node.body, new, "body")
    return new


def _with_item(low: Lowering, node: ast.withitem, parent: Any) -> s.WithItem:
    new: s.WithItem = low.make(s.WithItem, node, parent)
    new.value = low.expression(node.context_expr, new)
    new.target = low.target(node.optional_vars, new) if node.optional_vars is not None else None
    return new


@STATEMENTS.on("Try", "TryStar")
def _try(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Try, node, parent)
    new.body = low.block(node.body, new, "body")
    new.handlers = [_handler(low, handler, new) for handler in node.handlers]
    new.orelse = low.orelse(node, new)
    new.final = low.block(node.finalbody, new, "finally") if node.finalbody else None
    return new


def _handler(low: Lowering, node: ast.ExceptHandler, parent: Any) -> s.Handler:
    new: s.Handler = low.make(s.Handler, node, parent)
    new.type = low.optional(node.type, new)
    new.name = None
    if node.name is not None:
        new.name = low.name(node.name, None, new)
        low.mark_store(new.name)
    new.body = low.block(node.body, new, "handler")
    return new


@STATEMENTS.on("FunctionDef", "AsyncFunctionDef")
def _function(low: Lowering, node: Any, parent: Any) -> Any:
    _refuse_generics(node)
    new = low.make(s.FunctionDef, node, parent)
    new.name, new.generics, new.type_params = node.name, None, []
    new.is_async, new.is_generator = isinstance(node, ast.AsyncFunctionDef), False
    new.decorators = [low.expression(item, new) for item in node.decorator_list]
    low.bind(new.name)
    new.params = low.parameters(node.args, new, None)
    new.returns = low.optional(node.returns, new)
    new.namespace = low.enter("function", new)
    new.namespace.bound.update(param.name for param in new.params)
    around, low.function = low.function, new
    new.body = low.block(node.body, new, "body")
    low.function = around
    low.leave(new.namespace)
    return new


@STATEMENTS.on("ClassDef")
def _class(low: Lowering, node: ast.ClassDef, parent: Any) -> Any:
    _refuse_generics(node)
    new = low.make(s.ClassDef, node, parent)
    new.name, new.generics, new.type_params = node.name, None, []
    new.decorators = [low.expression(item, new) for item in node.decorator_list]
    low.bind(new.name)
    new.bases = [low.expression(item, new) for item in node.bases]
    new.keywords = low.arguments(node.keywords, new)
    new.namespace = low.enter("class", new)
    new.body = low.block(node.body, new, "body")
    low.leave(new.namespace)
    return new


def _refuse_generics(node: Any) -> None:
    """Leave type parameters (PEP 695) to libcst.

    Raises:  Unread
    """
    if getattr(node, "type_params", None):
        raise Unread("type parameters")


# what both parsers write alike
STATEMENTS.on("If")(if_)
STATEMENTS.on("For", "AsyncFor")(for_)
STATEMENTS.on("While")(while_)
STATEMENTS.on("Expr")(evaluate)
STATEMENTS.on("Return")(return_)
STATEMENTS.on("Assert")(assert_)
STATEMENTS.on("Pass", "Break", "Continue")(jump)
