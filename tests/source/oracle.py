"""The same operations carried out on an `ast` tree, by rules of its own: what an edited text has to parse to."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migrator.source import syntax as s
from migrator.source.block import Drop, Insert, Operation, Unwrap, Wrap


class Refused(Exception):
    """The operations contradict each other."""


@dataclass
class _Piece:
    """Statements with the places that they take among the gaps (even) and statements (odd) of a block."""

    first: int
    last: int
    body: list[ast.stmt]


class Oracle:
    """Reads a module and the operations on it; the statements of both trees are matched by their order."""

    def __init__(self, text: str, root: s.Root, operations: Sequence[Operation]) -> None:
        self.tree = ast.parse(text)
        self.node: dict[s.Statement, ast.stmt] = {}
        self.key: dict[int, s.Block] = {}
        self.pair(root.body, self.tree.body)
        unique = list(dict.fromkeys(operations))
        self.dropped = {id(self.node[op.statement]) for op in unique if isinstance(op, Drop)}
        self.unwrapped = {id(self.node[op.statement]) for op in unique if isinstance(op, Unwrap)}
        self.wraps = [op for op in unique if isinstance(op, Wrap)]
        self.inserts = [op for op in unique if isinstance(op, Insert)]
        self.elifs = {id(self.node[x]) for x in self.node if isinstance(x, s.If) and x.is_elif}

    def pair(self, block: s.Block, body: list[ast.stmt]) -> None:
        self.key[id(body)] = block
        assert len(block.statements) == len(body)
        for statement, node in zip(block.statements, body, strict=True):
            self.node[statement] = node
            for inner, inner_body in zip(statement.blocks(), _bodies(node), strict=True):
                self.pair(inner, inner_body)

    def result(self) -> ast.Module:
        """Give the tree after the operations."""
        body, _ = self.block(self.tree.body)
        return ast.Module(body, [])

    # ------------------------------------------------------------ blocks

    def block(self, body: list[ast.stmt]) -> tuple[list[ast.stmt], bool]:
        """Give the new statements of a block, and whether it has more than it had (or other nesting)."""
        block = self.key[id(body)]
        pieces = [_Piece(2 * i + 1, 2 * i + 1, self.statement(node)) for i, node in enumerate(body)]
        inserts = sorted((x for x in self.inserts if x.block is block), key=lambda x: x.rank)
        pieces += [_Piece(2 * op.index, 2 * op.index, ast.parse("\n".join(op.lines)).body) for op in inserts]
        pieces.sort(key=lambda x: x.first)
        wrapped = False
        wraps = [x for x in reversed(self.wraps) if x.first.block is block]  # of two alike, the first one is outside
        for op in sorted(wraps, key=lambda x: x.last.index - x.first.index):
            first, last = 2 * op.first.index + 1, 2 * op.last.index + 1
            inside = [x for x in pieces if x.last >= first and x.first <= last]
            new = [node for piece in inside for node in piece.body]
            if not new:
                continue
            wrapped = True
            if any(x.first < first or x.last > last for x in inside):
                raise Refused("crossing")
            head = ast.parse(op.header + " pass").body[0]
            head.body = new  # type: ignore[attr-defined]
            at = pieces.index(inside[0])
            pieces[at : at + len(inside)] = [_Piece(first, last, [head])]
        return [node for piece in pieces for node in piece.body], bool(inserts) or wrapped

    # ------------------------------------------------------------ statements

    def statement(self, node: Any) -> list[ast.stmt]:
        if id(node) in self.dropped:
            return []
        if isinstance(node, ast.If):
            return self.if_(node)
        if isinstance(node, (ast.With, ast.AsyncWith)) and id(node) in self.unwrapped:
            return self.block(node.body)[0]
        if isinstance(node, ast.Match):
            for case in node.cases:
                case.body = self.block(case.body)[0] or [ast.Pass()]
            return [node]
        for handler in getattr(node, "handlers", ()):
            handler.body = self.block(handler.body)[0] or [ast.Pass()]
        for field in ("body", "finalbody"):
            if isinstance(getattr(node, field, None), list) and getattr(node, field):
                setattr(node, field, self.block(getattr(node, field))[0] or [ast.Pass()])
        if getattr(node, "orelse", None) and isinstance(node, ast.stmt):
            node.orelse = self.block(node.orelse)[0]
        return [node]

    def if_(self, node: ast.If) -> list[ast.stmt]:
        body = self.block(node.body)[0]
        orelse, changed = self.block(node.orelse) if node.orelse else ([], False)
        was_elif = bool(node.orelse) and id(node.orelse[0]) in self.elifs
        if id(node) in self.unwrapped:
            if orelse:
                raise Refused("else")
            return body
        quiet = _is_quiet(node.test)
        if body or not quiet:
            return [ast.If(node.test, body or [ast.Pass()], orelse)]
        if not orelse:
            return []
        if was_elif and not changed:
            return [ast.If(node.test, [ast.Pass()], orelse)]
        is_not = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
        return [ast.If(node.test.operand if is_not else ast.UnaryOp(ast.Not(), node.test), orelse, [])]  # type: ignore[attr-defined]


def _bodies(node: Any) -> list[list[ast.stmt]]:
    if isinstance(node, ast.Match):
        return [case.body for case in node.cases]
    if not isinstance(getattr(node, "body", None), list):
        return []
    handlers = [handler.body for handler in getattr(node, "handlers", ())]
    rest = [getattr(node, field, None) or [] for field in ("orelse", "finalbody")]
    return [node.body, *handlers, *(body for body in rest if body)]


def _is_quiet(test: ast.expr) -> bool:
    source = ast.unparse(test)
    return "loud(" not in source and ":=" not in source and "queue" not in source


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        text = self.names.get(node.id)
        return node if text is None else ast.parse(text, mode="eval").body


def rename(tree: ast.Module, replaced: dict[str, str]) -> ast.Module:
    """Put other expressions in place of names."""
    return _Renamer(replaced).visit(tree)  # type: ignore[no-any-return]
