"""The state of the walk that lowers Python's own tree, and the steps that its handlers share."""

from __future__ import annotations

import ast
from typing import Any, NoReturn

from migrator.source import syntax as s
from migrator.source.lowering import Lowering, Table


class Unread(Exception):
    """Something was asked that only libcst's tree can answer."""


class NativeLowering(Lowering):
    """The walk over Python's own tree; it makes the same nodes in the same order."""

    def block(self, node: Any, parent: Any, part: str) -> s.Block:
        """Lower a list of statements."""
        block: s.Block = self.make(s.Block, None, parent)
        block.part, block.statements = part, []
        for item in node:
            self.statement(item, block)
        return block

    def orelse(self, node: Any, parent: Any) -> s.Block | None:
        """Lower the `else` of a compound statement; an `elif` stands below its `if`, not further in."""
        if not node.orelse:
            return None
        block = self.block(node.orelse, parent, "orelse")
        if isinstance(node, ast.If) and node.orelse[0].col_offset == node.col_offset:
            first: Any = block.statements[0]
            first.is_elif = True
        return block

    def arguments(self, nodes: Any, parent: Any) -> list[s.Argument]:
        """Lower the arguments of a call, which come positions first, in the order of the text."""
        found = []
        for node in sorted(nodes, key=place):
            new: s.Argument = self.make(s.Argument, node, parent)
            is_named, is_starred = isinstance(node, ast.keyword), isinstance(node, ast.Starred)
            new.keyword = node.arg if is_named else None
            new.star = "*" if is_starred else "**" if is_named and node.arg is None else ""
            new.value = self.expression(node.value if is_named or is_starred else node, new)
            found.append(new)
        return found

    def parameters(self, node: Any, parent: Any, generics: s.Scope | None) -> list[s.Parameter]:
        """Lower the parameters of a function."""
        plain = [*node.posonlyargs, *node.args]
        defaults = [*([None] * (len(plain) - len(node.defaults))), *node.defaults]
        kinds = ["position"] * len(node.posonlyargs) + ["either"] * len(node.args)
        groups = [
            *zip(plain, kinds, defaults, strict=True),
            *([(node.vararg, "*", None)] if node.vararg else []),
            *((param, "keyword", default) for param, default in zip(node.kwonlyargs, node.kw_defaults, strict=True)),
            *([(node.kwarg, "**", None)] if node.kwarg else []),
        ]
        found = []
        for param, kind, default in groups:
            new: s.Parameter = self.make(s.Parameter, param, parent)
            new.name, new.kind = param.arg, kind
            new.annotation = self.optional(param.annotation, new)
            new.default = self.optional(default, new)
            found.append(new)
        return found


def place(node: Any) -> tuple[int, int]:
    """Give where a node of Python's begins."""
    return node.lineno, node.col_offset


class NativeTable(Table):
    """Handlers by the type of node; what has none is left to libcst."""

    def __missing__(self, kind: type) -> NoReturn:
        raise Unread(kind.__name__)
