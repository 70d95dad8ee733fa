"""How each libcst expression is lowered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from migrator.source import syntax as s
from migrator.source.parse.literal import evaluate, evaluate_joined, string_pieces
from migrator.source.parse.lowering import Lowering, Table

EXPRESSIONS: Table[s.Expression] = Table()
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
_COMPREHENSIONS = {cst.ListComp: "list", cst.SetComp: "set", cst.GeneratorExp: "generator"}


# ---------------------------------------------------------------- names, attributes, indices, calls


@EXPRESSIONS.on("Name")
def _name(low: Lowering, node: cst.Name, parent: s.Node) -> s.Name | s.Literal:
    if node.value in _CONSTANTS:
        new = low.make(s.Literal, node, parent)
        new.value = _CONSTANTS[node.value]
        return new
    name = low.make(s.Name, node, parent)
    name.id, name.store = node.value, False
    low.scope.names.setdefault(name.id, []).append(name)
    return name


@EXPRESSIONS.on("Attribute")
def _attribute(low: Lowering, node: cst.Attribute, parent: s.Node) -> s.Attribute:
    new = low.make(s.Attribute, node, parent)
    new.value = low.expression(node.value, new)
    new.name = node.attr.value
    new.store = False
    return new


@EXPRESSIONS.on("Subscript")
def _subscript(low: Lowering, node: cst.Subscript, parent: s.Node) -> s.Subscript:
    new = low.make(s.Subscript, node, parent)
    new.value = low.expression(node.value, new)
    new.store = False
    new.index = [low.expression(element.slice, new) for element in node.slice]
    return new


@EXPRESSIONS.on("Index")
def _index(low: Lowering, node: cst.Index, parent: s.Node) -> s.Expression:
    return _starred(low, node, parent) if node.star else low.expression(node.value, parent)


@EXPRESSIONS.on("Call")
def _call(low: Lowering, node: cst.Call, parent: s.Node) -> s.Call:
    new = low.make(s.Call, node, parent)
    new.func = low.expression(node.func, new)
    new.args = low.arguments(node.args, new)
    return new


@EXPRESSIONS.on("Slice")
def _slice(low: Lowering, node: cst.Slice, parent: s.Node) -> s.Slice:
    new = low.make(s.Slice, node, parent)
    new.parts = low.present((node.lower, node.upper, node.step), new)
    return new


# ---------------------------------------------------------------- literals and displays


@EXPRESSIONS.on("Integer", "Float", "Imaginary", "Ellipsis", "SimpleString")
def _literal(
    low: Lowering, node: cst.Integer | cst.Float | cst.Imaginary | cst.Ellipsis | cst.SimpleString, parent: s.Node
) -> s.Literal:
    new = low.make(s.Literal, node, parent)
    new.value = ... if isinstance(node, cst.Ellipsis) else evaluate(node.value)
    return new


@EXPRESSIONS.on("ConcatenatedString")
def _concatenated(low: Lowering, node: cst.ConcatenatedString, parent: s.Node) -> s.Expression:
    pieces = list(string_pieces(node))
    plain = [piece.value for piece in pieces if isinstance(piece, cst.SimpleString)]
    if len(plain) < len(pieces):
        return _text(low, node, parent)
    new = low.make(s.Literal, node, parent)
    new.value = evaluate_joined(plain)
    return new


@EXPRESSIONS.on("FormattedString", "TemplatedString")
def _text(low: Lowering, node: cst.BaseString, parent: s.Node) -> s.Text:
    new = low.make(s.Text, node, parent)
    pieces = list(string_pieces(node))
    new.head = _head(pieces[0])
    formatted = (piece for piece in pieces if isinstance(piece, (cst.FormattedString, cst.TemplatedString)))
    new.parts = [low.expression(part, new) for piece in formatted for part in _replaced(piece.parts)]
    return new


def _head(piece: cst.BaseString) -> str:
    if isinstance(piece, cst.SimpleString):
        return str(evaluate(piece.value))
    first = piece.parts[0] if isinstance(piece, cst.FormattedString) and piece.parts else None
    return first.value if isinstance(first, cst.FormattedStringText) else ""


def _replaced(parts: Iterable[cst.CSTNode]) -> Iterator[cst.BaseExpression]:
    """Give the expressions of an f-string, those in format specifications included."""
    for part in parts:
        if isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
            yield part.expression
            yield from _replaced(part.format_spec or ())


@EXPRESSIONS.on("Tuple", "List", "Set")
def _collection(low: Lowering, node: cst.Tuple | cst.List | cst.Set, parent: s.Node) -> s.Collection:
    new = low.make(s.Collection, node, parent)
    new.kind = node.__class__.__name__.lower()
    new.store = False
    new.items = [low.expression(element, new) for element in node.elements]
    return new


@EXPRESSIONS.on("Element")
def _element(low: Lowering, node: cst.Element, parent: s.Node) -> s.Expression:
    return low.expression(node.value, parent)


@EXPRESSIONS.on("StarredElement")
def _starred(low: Lowering, node: cst.StarredElement | cst.Index, parent: s.Node) -> s.Starred:
    new = low.make(s.Starred, node, parent)
    new.value = low.expression(node.value, new)
    return new


@EXPRESSIONS.on("Dict")
def _dict(low: Lowering, node: cst.Dict, parent: s.Node) -> s.Mapping:
    new = low.make(s.Mapping, node, parent)
    new.keys, new.values = [], []
    for element in node.elements:
        new.keys.append(low.expression(element.key, new) if isinstance(element, cst.DictElement) else None)
        new.values.append(low.expression(element.value, new))
    return new


# ---------------------------------------------------------------- operators


@EXPRESSIONS.on("BinaryOperation")
def _binary(low: Lowering, node: cst.BinaryOperation, parent: s.Node) -> s.Binary:
    new = low.make(s.Binary, node, parent)
    new.left = low.expression(node.left, new)
    new.operator = node.operator.__class__.__name__
    new.right = low.expression(node.right, new)
    return new


@EXPRESSIONS.on("UnaryOperation")
def _unary(low: Lowering, node: cst.UnaryOperation, parent: s.Node) -> s.Unary:
    new = low.make(s.Unary, node, parent)
    new.operator = _UNARY[node.operator.__class__]
    new.operand = low.expression(node.expression, new)
    return new


@EXPRESSIONS.on("BooleanOperation")
def _boolean(low: Lowering, node: cst.BooleanOperation, parent: s.Node) -> s.Boolean:
    new = low.make(s.Boolean, node, parent)
    new.left = low.expression(node.left, new)
    new.operator = "and" if isinstance(node.operator, cst.And) else "or"
    new.right = low.expression(node.right, new)
    return new


@EXPRESSIONS.on("Comparison")
def _comparison(low: Lowering, node: cst.Comparison, parent: s.Node) -> s.Compare:
    new = low.make(s.Compare, node, parent)
    new.left = low.expression(node.left, new)
    new.operators = [_COMPARE[target.operator.__class__] for target in node.comparisons]
    new.comparators = [low.expression(target.comparator, new) for target in node.comparisons]
    return new


@EXPRESSIONS.on("IfExp")
def _conditional(low: Lowering, node: cst.IfExp, parent: s.Node) -> s.Conditional:
    new = low.make(s.Conditional, node, parent)
    new.body = low.expression(node.body, new)
    new.test = low.expression(node.test, new)
    new.orelse = low.expression(node.orelse, new)
    return new


@EXPRESSIONS.on("Await")
def _await(low: Lowering, node: cst.Await, parent: s.Node) -> s.Await:
    new = low.make(s.Await, node, parent)
    new.value = low.expression(node.expression, new)
    return new


@EXPRESSIONS.on("Yield")
def _yield(low: Lowering, node: cst.Yield, parent: s.Node) -> s.Yield:
    new = low.make(s.Yield, node, parent)
    new.delegates = isinstance(node.value, cst.From)
    new.value = low.optional(node.value.item if isinstance(node.value, cst.From) else node.value, new)
    if low.function is not None:
        low.function.is_generator = True
    return new


# ---------------------------------------------------------------- scopes


@EXPRESSIONS.on("Lambda")
def _lambda(low: Lowering, node: cst.Lambda, parent: s.Node) -> s.Lambda:
    new = low.make(s.Lambda, node, parent)
    new.params = low.parameters(node.params, new, None)
    new.namespace = low.enter("function", new)
    new.namespace.bound.update(param.name for param in new.params)
    outer, low.function = low.function, None
    new.body = low.expression(node.body, new)
    low.function = outer
    low.leave(new.namespace)
    return new


@EXPRESSIONS.on("NamedExpr")
def _walrus(low: Lowering, node: cst.NamedExpr, parent: s.Node) -> s.Walrus:
    new = low.make(s.Walrus, node, parent)
    inner = low.scope
    while low.scope.kind == "comprehension":  # PEP 572: it binds in the function around the comprehension
        low.leave(low.scope)
    new.target = low.target(node.target, new)
    low.scope = inner
    new.value = low.expression(node.value, new)
    return new


@EXPRESSIONS.on("ListComp", "SetComp", "GeneratorExp", "DictComp", "StarredDictComp")
def _comprehension(
    low: Lowering, node: cst.BaseSimpleComp | cst.DictComp | cst.StarredDictComp, parent: s.Node
) -> s.Comprehension:
    new = low.make(s.Comprehension, node, parent)
    new.kind = _COMPREHENSIONS.get(node.__class__, "dict")
    new.namespace = low.enter("comprehension", new)
    new.key = low.expression(node.key, new) if isinstance(node, cst.DictComp) else None
    new.value = low.expression(node.elt if isinstance(node, cst.BaseSimpleComp) else node.value, new)
    new.generators = []
    loop: cst.CompFor | None = node.for_in
    while loop is not None:
        new.generators.append(_generator(low, loop, new))
        loop = loop.inner_for_in
    low.leave(new.namespace)
    return new


def _generator(low: Lowering, node: cst.CompFor, parent: s.Comprehension) -> s.Generator:
    """Lower `for a in b if c` of a comprehension."""
    new = low.make(s.Generator, node, parent)
    new.target = low.target(node.target, new)
    if not parent.generators:  # the first iterable is evaluated outside
        low.leave(parent.namespace)
    new.iter = low.expression(node.iter, new)
    low.scope = parent.namespace
    new.tests = [low.expression(test.test, new) for test in node.ifs]
    return new
