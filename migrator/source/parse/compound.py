"""How each compound libcst statement is lowered."""

from __future__ import annotations

import libcst as cst

from migrator.source import syntax as s
from migrator.source.parse.lowering import Lowering, TypeParameters
from migrator.source.parse.statement import STATEMENTS

__all__ = ["STATEMENTS"]  # of both files


@STATEMENTS.on("If")
def _if(low: Lowering, node: cst.If, parent: s.Node) -> s.If:
    new = low.make(s.If, node, parent)
    new.is_elif = False
    new.test = low.expression(node.test, new)
    new.body = low.block(node.body, new, "body")
    new.orelse = low.orelse(node, new)
    return new


@STATEMENTS.on("For")
def _for(low: Lowering, node: cst.For, parent: s.Node) -> s.For:
    new = low.make(s.For, node, parent)
    new.target = low.target(node.target, new)
    new.iter = low.expression(node.iter, new)
    new.body = low.block(node.body, new, "body")
    new.orelse = low.orelse(node, new)
    return new


@STATEMENTS.on("While")
def _while(low: Lowering, node: cst.While, parent: s.Node) -> s.While:
    new = low.make(s.While, node, parent)
    new.test = low.expression(node.test, new)
    new.body = low.block(node.body, new, "body")
    new.orelse = low.orelse(node, new)
    return new


@STATEMENTS.on("With")
def _with(low: Lowering, node: cst.With, parent: s.Node) -> s.With:
    new = low.make(s.With, node, parent)
    new.items = [_with_item(low, item, new) for item in node.items]
    new.body = low.block(node.body, new, "body")
    return new


def _with_item(low: Lowering, node: cst.WithItem, parent: s.Node) -> s.WithItem:
    new = low.make(s.WithItem, node, parent)
    new.value = low.expression(node.item, new)
    new.target = low.target(node.asname.name, new) if node.asname is not None else None
    return new


@STATEMENTS.on("Try", "TryStar")
def _try(low: Lowering, node: cst.Try | cst.TryStar, parent: s.Node) -> s.Try:
    new = low.make(s.Try, node, parent)
    new.body = low.block(node.body, new, "body")
    new.handlers = [_handler(low, handler, new) for handler in node.handlers]
    new.orelse = low.orelse(node, new)
    new.final = low.block(node.finalbody.body, new, "finally") if node.finalbody is not None else None
    return new


def _handler(low: Lowering, node: cst.ExceptHandler | cst.ExceptStarHandler, parent: s.Node) -> s.Handler:
    new = low.make(s.Handler, node, parent)
    new.type = low.optional(node.type, new)
    new.name = low.target(node.name.name, new) if node.name is not None else None
    new.body = low.block(node.body, new, "handler")
    return new


@STATEMENTS.on("FunctionDef")
def _function(low: Lowering, node: cst.FunctionDef, parent: s.Node) -> s.FunctionDef:
    new = low.make(s.FunctionDef, node, parent)
    new.name = node.name.value
    new.is_async, new.is_generator = node.asynchronous is not None, False
    new.decorators = [low.expression(item.decorator, new) for item in node.decorators]
    low.bind(new.name)
    outer = low.scope
    _open_generics(low, node.type_parameters, new)
    low.scope = outer
    new.params = low.parameters(node.params, new, new.generics)
    low.scope = new.generics or outer
    new.returns = low.optional(node.returns and node.returns.annotation, new)
    new.namespace = low.enter("function", new)
    new.namespace.bound.update(param.name for param in new.params)
    around, low.function = low.function, new
    new.body = low.block(node.body, new, "body")
    low.function, low.scope = around, outer
    return new


@STATEMENTS.on("ClassDef")
def _class(low: Lowering, node: cst.ClassDef, parent: s.Node) -> s.ClassDef:
    new = low.make(s.ClassDef, node, parent)
    new.name = node.name.value
    new.decorators = [low.expression(item.decorator, new) for item in node.decorators]
    low.bind(new.name)
    outer = low.scope
    _open_generics(low, node.type_parameters, new)
    new.bases = [_base(low, arg, new) for arg in node.bases]
    new.keywords = low.arguments(node.keywords, new)
    new.namespace = low.enter("class", new)
    new.body = low.block(node.body, new, "body")
    low.scope = outer
    return new


def _open_generics(low: Lowering, node: TypeParameters, new: s.FunctionDef | s.ClassDef) -> None:
    """Enter the scope of a definition's type parameters, where it has any."""
    new.generics = low.enter("generic", new) if node is not None else None
    new.type_params = low.type_parameters(node, new)


def _base(low: Lowering, node: cst.Arg, parent: s.Node) -> s.Expression:
    if not node.star:
        return low.expression(node.value, parent)
    new = low.make(s.Starred, node, parent)
    new.value = low.expression(node.value, new)
    return new


# ---------------------------------------------------------------- patterns


@STATEMENTS.on("Match")
def _match(low: Lowering, node: cst.Match, parent: s.Node) -> s.Match:
    new = low.make(s.Match, node, parent)
    new.subject = low.expression(node.subject, new)
    new.cases = [_case(low, case, new) for case in node.cases]
    return new


def _case(low: Lowering, node: cst.MatchCase, parent: s.Node) -> s.Case:
    new = low.make(s.Case, node, parent)
    new.pattern = []
    _pattern(low, node.pattern, new)
    new.names = [item for item in new.pattern if isinstance(item, s.Name) and item.store]
    new.values = [item for item in new.pattern if item not in new.names]
    new.guard = low.optional(node.guard, new)
    new.body = low.block(node.body, new, "case")
    return new


def _pattern(low: Lowering, node: cst.CSTNode, case: s.Case) -> None:
    """Collect the names that a pattern binds and the values that it compares with, from left to right."""
    for field in _PATTERNS[node.__class__]:
        value = getattr(node, field)
        if field == "name" or field == "rest":
            if value is not None:
                case.pattern.append(low.target(value, case))
        elif isinstance(value, (list, tuple)):
            for item in value:
                _pattern(low, item, case)
        elif value.__class__ in _PATTERNS:
            _pattern(low, value, case)
        elif value is not None:
            case.pattern.append(low.expression(value, case))


_PATTERNS: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.MatchAs: ("pattern", "name"),
    cst.MatchClass: ("cls", "patterns", "kwds"),
    cst.MatchKeywordElement: ("pattern",),
    cst.MatchList: ("patterns",),
    cst.MatchMapping: ("elements", "rest"),
    cst.MatchMappingElement: ("key", "pattern"),
    cst.MatchOr: ("patterns",),
    cst.MatchOrElement: ("pattern",),
    cst.MatchSequenceElement: ("value",),
    cst.MatchSingleton: (),
    cst.MatchStar: ("name",),
    cst.MatchTuple: ("patterns",),
    cst.MatchValue: ("value",),
}
