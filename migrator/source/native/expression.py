"""How each expression of Python's own tree is lowered."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from migrator.source import syntax as s
from migrator.source.alike import conditional, generator, lambda_, slice_, walrus
from migrator.source.native.lowering import NativeLowering as Lowering
from migrator.source.native.lowering import NativeTable, place

EXPRESSIONS = NativeTable(ast)
_BINARY: dict[type, str] = {
    ast.Sub: "Subtract", ast.Mult: "Multiply", ast.Div: "Divide", ast.FloorDiv: "FloorDivide", ast.Mod: "Modulo",
    ast.Pow: "Power", ast.LShift: "LeftShift", ast.RShift: "RightShift", ast.MatMult: "MatrixMultiply",
}  # fmt: skip
_UNARY = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
_COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip


def operator_name(node: Any) -> str:
    """Give libcst's name of an operator."""
    kind: type = node.__class__
    return _BINARY.get(kind, kind.__name__)


@EXPRESSIONS.on("Name")
def _name(low: Lowering, node: ast.Name, parent: Any) -> Any:
    return low.name(node.id, node, parent)


@EXPRESSIONS.on("Attribute")
def _attribute(low: Lowering, node: ast.Attribute, parent: Any) -> Any:
    new = low.make(s.Attribute, node, parent)
    new.value = low.expression(node.value, new)
    new.name, new.store = node.attr, False
    return new


@EXPRESSIONS.on("Subscript")
def _subscript(low: Lowering, node: ast.Subscript, parent: Any) -> Any:
    new = low.make(s.Subscript, node, parent)
    new.value = low.expression(node.value, new)
    new.store = False
    parts: list[ast.expr] = node.slice.elts if _is_bare(node.slice) else [node.slice]  # type: ignore[attr-defined]
    new.index = [low.expression(part, new) for part in parts]
    return new


def _is_bare(node: ast.expr) -> bool:
    """Whether an index is several, with commas between them, and not one tuple in brackets of its own."""
    if not isinstance(node, ast.Tuple) or not node.elts:
        return False
    first, last = node.elts[0], node.elts[-1]
    begins = place(node) == place(first)
    return begins or (node.end_lineno, node.end_col_offset) == (last.end_lineno, last.end_col_offset)


@EXPRESSIONS.on("Call")
def _call(low: Lowering, node: ast.Call, parent: Any) -> Any:
    new = low.make(s.Call, node, parent)
    new.func = low.expression(node.func, new)
    new.args = low.arguments([*node.args, *node.keywords], new)
    return new


@EXPRESSIONS.on("Constant")
def _constant(low: Lowering, node: ast.Constant, parent: Any) -> Any:
    new = low.make(s.Literal, node, parent)
    new.value = node.value
    return new


@EXPRESSIONS.on("JoinedStr")
def _text(low: Lowering, node: ast.JoinedStr, parent: Any) -> Any:
    new = low.make(s.Text, node, parent)
    first = node.values[0] if node.values else None
    new.head = first.value if isinstance(first, ast.Constant) else ""
    new.parts = [low.expression(part, new) for part in _replaced(node)]
    return new


def _replaced(node: ast.JoinedStr) -> Iterator[ast.expr]:
    """Give the expressions of an f-string, those in format specifications included."""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            yield part.value
            if isinstance(part.format_spec, ast.JoinedStr):
                yield from _replaced(part.format_spec)


@EXPRESSIONS.on("Tuple", "List", "Set")
def _collection(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Collection, node, parent)
    new.kind, new.store = node.__class__.__name__.lower(), False
    new.items = [low.expression(item, new) for item in node.elts]
    return new


@EXPRESSIONS.on("Starred", "Await")
def _around(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Starred if isinstance(node, ast.Starred) else s.Await, node, parent)
    new.value = low.expression(node.value, new)
    return new


@EXPRESSIONS.on("Dict")
def _dict(low: Lowering, node: ast.Dict, parent: Any) -> Any:
    new = low.make(s.Mapping, node, parent)
    new.keys, new.values = [], []
    for key, value in zip(node.keys, node.values, strict=True):
        new.keys.append(low.optional(key, new))
        new.values.append(low.expression(value, new))
    return new


@EXPRESSIONS.on("BinOp")
def _binary(low: Lowering, node: ast.BinOp, parent: Any) -> Any:
    new = low.make(s.Binary, node, parent)
    new.left = low.expression(node.left, new)
    new.operator = operator_name(node.op)
    new.right = low.expression(node.right, new)
    return new


@EXPRESSIONS.on("UnaryOp")
def _unary(low: Lowering, node: ast.UnaryOp, parent: Any) -> Any:
    new = low.make(s.Unary, node, parent)
    new.operator = _UNARY[node.op.__class__]
    new.operand = low.expression(node.operand, new)
    return new


@EXPRESSIONS.on("BoolOp")
def _boolean(low: Lowering, node: ast.BoolOp, parent: Any) -> Any:
    return _chain(low, node.values, "and" if isinstance(node.op, ast.And) else "or", parent)


def _chain(low: Lowering, values: list[ast.expr], operator: str, parent: Any) -> Any:
    new = low.make(s.Boolean, None, parent)
    *others, last = values
    new.left = _chain(low, others, operator, new) if len(others) > 1 else low.expression(others[0], new)
    new.operator = operator
    new.right = low.expression(last, new)
    return new


@EXPRESSIONS.on("Compare")
def _comparison(low: Lowering, node: ast.Compare, parent: Any) -> Any:
    new = low.make(s.Compare, node, parent)
    new.left = low.expression(node.left, new)
    new.operators = [_COMPARE[operator.__class__] for operator in node.ops]
    new.comparators = [low.expression(item, new) for item in node.comparators]
    return new


@EXPRESSIONS.on("Yield", "YieldFrom")
def _yield(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Yield, node, parent)
    new.delegates = isinstance(node, ast.YieldFrom)
    new.value = low.optional(node.value, new)
    if low.function is not None:
        low.function.is_generator = True
    return new


@EXPRESSIONS.on("Lambda")
def _lambda(low: Lowering, node: ast.Lambda, parent: Any) -> Any:
    return lambda_(low, node, node.args, parent)


@EXPRESSIONS.on("ListComp", "SetComp", "GeneratorExp", "DictComp")
def _comprehension(low: Lowering, node: Any, parent: Any) -> Any:
    new = low.make(s.Comprehension, node, parent)
    kind = node.__class__.__name__
    new.kind = {"ListComp": "list", "SetComp": "set", "GeneratorExp": "generator"}.get(kind, "dict")
    new.namespace = low.enter("comprehension", new)
    new.key = low.expression(node.key, new) if kind == "DictComp" else None
    new.value = low.expression(node.value if kind == "DictComp" else node.elt, new)
    new.generators = []
    for loop in node.generators:
        new.generators.append(generator(low, loop, loop.ifs, new))
    low.leave(new.namespace)
    return new


# what both parsers write alike
EXPRESSIONS.on("Slice")(slice_)
EXPRESSIONS.on("IfExp")(conditional)
EXPRESSIONS.on("NamedExpr")(walrus)
