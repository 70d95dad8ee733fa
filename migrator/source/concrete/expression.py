"""How each libcst expression is lowered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from migrator.source import syntax as s
from migrator.source.alike import conditional, generator, lambda_, slice_, walrus
from migrator.source.concrete.literal import evaluate, string_pieces
from migrator.source.concrete.lowering import ConcreteLowering as Lowering
from migrator.source.lowering import Table

EXPRESSIONS = Table(cst)
_CONSTANTS = {"True": True, "False": False, "None": None}
_UNARY = {cst.Not: "not", cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~"}
_COMPARE = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}


# ---------------------------------------------------------------- names and what hangs on them


@EXPRESSIONS.on("Name")
def _name(low: Lowering, node: cst.Name, parent: Any) -> Any:
    if node.value in _CONSTANTS:
        new = low.make(s.Literal, node, parent)
        new.value = _CONSTANTS[node.value]
        return new
    return low.name(node.value, node, parent)


@EXPRESSIONS.on("Attribute")
def _attribute(low: Lowering, node: cst.Attribute, parent: Any) -> Any:
    new = low.make(s.Attribute, node, parent)
    new.value = low.expression(node.value, new)
    new.name = node.attr.value
    new.store = False
    return new


@EXPRESSIONS.on("Subscript")
def _subscript(low: Lowering, node: cst.Subscript, parent: Any) -> Any:
    new = low.make(s.Subscript, node, parent)
    new.value = low.expression(node.value, new)
    new.store = False
    new.index = [low.expression(element.slice, new) for element in node.slice]
    return new


@EXPRESSIONS.on("Index")
def _index(low: Lowering, node: cst.Index, parent: Any) -> Any:
    return _starred(low, node, parent) if node.star else low.expression(node.value, parent)


@EXPRESSIONS.on("Call")
def _call(low: Lowering, node: cst.Call, parent: Any) -> Any:
    new = low.make(s.Call, node, parent)
    new.func = low.expression(node.func, new)
    new.args = low.arguments(node.args, new)
    return new


# ---------------------------------------------------------------- literals and displays


@EXPRESSIONS.on("Integer", "Float", "Imaginary", "Ellipsis", "SimpleString")
def _literal(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Literal, node, parent)
    new.value = ... if node.__class__ is cst.Ellipsis else evaluate(node.value)
    return new


@EXPRESSIONS.on("ConcatenatedString")
def _concatenated(low: Lowering, node: cst.ConcatenatedString, parent: Any) -> Any:
    pieces = list(string_pieces(node))
    if any(not isinstance(piece, cst.SimpleString) for piece in pieces):
        return _text(low, node, parent)
    new = low.make(s.Literal, node, parent)
    values = [evaluate(piece.value) for piece in pieces]
    new.value = values[0][:0].join(values)  # libcst refuses bytes beside text
    return new


@EXPRESSIONS.on("FormattedString", "TemplatedString")
def _text(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Text, node, parent)
    pieces = list(string_pieces(node))
    new.head = _head(pieces[0])
    formatted = [piece for piece in pieces if not isinstance(piece, cst.SimpleString)]
    new.parts = [low.expression(part, new) for piece in formatted for part in _replaced(piece.parts)]
    return new


def _head(piece: Any) -> str:
    if isinstance(piece, cst.SimpleString):
        return str(evaluate(piece.value))
    first = piece.parts[0] if piece.parts else None
    return first.value if isinstance(first, cst.FormattedStringText) else ""


def _replaced(parts: Any) -> Iterator[Any]:
    """Give the expressions of an f-string, those in format specifications included."""
    for part in parts:
        if hasattr(part, "expression"):
            yield part.expression
            yield from _replaced(part.format_spec or ())


@EXPRESSIONS.on("Tuple", "List", "Set")
def _collection(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Collection, node, parent)
    new.kind = node.__class__.__name__.lower()
    new.store = False
    new.items = [low.expression(element, new) for element in node.elements]
    return new


@EXPRESSIONS.on("Element")
def _element(low: Lowering, node: cst.Element, parent: Any) -> Any:
    return low.expression(node.value, parent)


@EXPRESSIONS.on("StarredElement")
def _starred(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Starred, node, parent)
    new.value = low.expression(node.value, new)
    return new


@EXPRESSIONS.on("Dict")
def _dict(low: Lowering, node: cst.Dict, parent: Any) -> Any:
    new = low.make(s.Mapping, node, parent)
    new.keys, new.values = [], []
    for element in node.elements:
        new.keys.append(low.expression(element.key, new) if isinstance(element, cst.DictElement) else None)
        new.values.append(low.expression(element.value, new))
    return new


# ---------------------------------------------------------------- operators


@EXPRESSIONS.on("BinaryOperation")
def _binary(low: Lowering, node: cst.BinaryOperation, parent: Any) -> Any:
    new = low.make(s.Binary, node, parent)
    new.left = low.expression(node.left, new)
    new.operator = node.operator.__class__.__name__
    new.right = low.expression(node.right, new)
    return new


@EXPRESSIONS.on("UnaryOperation")
def _unary(low: Lowering, node: cst.UnaryOperation, parent: Any) -> Any:
    new = low.make(s.Unary, node, parent)
    new.operator = _UNARY[node.operator.__class__]
    new.operand = low.expression(node.expression, new)
    return new


@EXPRESSIONS.on("BooleanOperation")
def _boolean(low: Lowering, node: cst.BooleanOperation, parent: Any) -> Any:
    new = low.make(s.Boolean, node, parent)
    new.left = low.expression(node.left, new)
    new.operator = "and" if isinstance(node.operator, cst.And) else "or"
    new.right = low.expression(node.right, new)
    return new


@EXPRESSIONS.on("Comparison")
def _comparison(low: Lowering, node: cst.Comparison, parent: Any) -> Any:
    new = low.make(s.Compare, node, parent)
    new.left = low.expression(node.left, new)
    new.operators = [_COMPARE[target.operator.__class__] for target in node.comparisons]
    new.comparators = [low.expression(target.comparator, new) for target in node.comparisons]
    return new


@EXPRESSIONS.on("Await")
def _await(low: Lowering, node: cst.Await, parent: Any) -> Any:
    new = low.make(s.Await, node, parent)
    new.value = low.expression(node.expression, new)
    return new


@EXPRESSIONS.on("Yield")
def _yield(low: Lowering, node: cst.Yield, parent: Any) -> Any:
    new = low.make(s.Yield, node, parent)
    new.delegates = isinstance(node.value, cst.From)
    new.value = low.optional(node.value.item if isinstance(node.value, cst.From) else node.value, new)
    if low.function is not None:
        low.function.is_generator = True
    return new


# ---------------------------------------------------------------- scopes


@EXPRESSIONS.on("Lambda")
def _lambda(low: Lowering, node: cst.Lambda, parent: Any) -> Any:
    return lambda_(low, node, node.params, parent)


@EXPRESSIONS.on("ListComp", "SetComp", "GeneratorExp", "DictComp", "StarredDictComp")
def _comprehension(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Comprehension, node, parent)
    kind = node.__class__.__name__
    new.kind = {"ListComp": "list", "SetComp": "set", "GeneratorExp": "generator"}.get(kind, "dict")
    new.namespace = low.enter("comprehension", new)
    new.key = low.expression(node.key, new) if kind == "DictComp" else None
    new.value = low.expression(node.value if new.kind == "dict" else node.elt, new)
    new.generators = []
    loop = node.for_in
    while loop is not None:
        new.generators.append(generator(low, loop, (test.test for test in loop.ifs), new))
        loop = loop.inner_for_in
    low.leave(new.namespace)
    return new


# what both parsers write alike
EXPRESSIONS.on("Slice")(slice_)
EXPRESSIONS.on("IfExp")(conditional)
EXPRESSIONS.on("NamedExpr")(walrus)
