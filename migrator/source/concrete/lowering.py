"""The walk over libcst's tree, and the steps that its handlers share."""

from __future__ import annotations

from typing import Any

import libcst as cst

from migrator.source import syntax as s
from migrator.source.lowering import Lowering


class ConcreteLowering(Lowering):
    """The walk over libcst's tree."""

    def block(self, node: Any, parent: Any, part: str) -> s.Block:
        """Lower the body of a module, an indented block or a suite on its header's line."""
        block: s.Block = self.make(s.Block, node, parent)
        block.part = part
        block.statements = []
        for item in node.body:
            if item.__class__ is cst.SimpleStatementLine:
                for small in item.body:
                    self.statement(small, block)
            else:
                self.statement(item, block)
        return block

    def orelse(self, node: Any, parent: Any) -> s.Block | None:
        """Lower the `else` of a compound statement; an `elif` is a block that holds just the next `if`."""
        if node.orelse is None:
            return None
        if not isinstance(node.orelse, cst.If):
            return self.block(node.orelse.body, parent, "orelse")
        block: s.Block = self.make(s.Block, node.orelse, parent)
        block.part, block.statements = "orelse", []
        self.statement(node.orelse, block).is_elif = True
        return block

    def arguments(self, nodes: Any, parent: Any) -> list[s.Argument]:
        """Lower the arguments of a call."""
        found = []
        for node in nodes:
            new: s.Argument = self.make(s.Argument, node, parent)
            new.keyword = node.keyword.value if node.keyword is not None else None
            new.star = node.star
            new.value = self.expression(node.value, new)
            found.append(new)
        return found

    def parameters(self, node: cst.Parameters, parent: Any, generics: s.Scope | None) -> list[s.Parameter]:
        """Lower the parameters of a function; annotations are seen from ``generics``, defaults from here."""
        star = node.star_arg if isinstance(node.star_arg, cst.Param) else None
        groups = (
            (node.posonly_params, "position"),
            (node.params, "either"),
            ([star] if star is not None else [], "*"),
            (node.kwonly_params, "keyword"),
            ([node.star_kwarg] if node.star_kwarg is not None else [], "**"),
        )
        return [self._parameter(param, parent, kind, generics) for params, kind in groups for param in params]

    def _parameter(self, node: cst.Param, parent: Any, kind: str, generics: s.Scope | None) -> s.Parameter:
        new: s.Parameter = self.make(s.Parameter, node, parent)
        new.name, new.kind = node.name.value, kind
        outer = self.scope
        self.scope = generics or outer
        new.annotation = self.optional(node.annotation and node.annotation.annotation, new)
        self.scope = outer
        new.default = self.optional(node.default, new)
        return new

    def type_parameters(self, node: Any, parent: Any) -> list[s.Parameter]:
        """Lower ``[T: bound = default, *Ts, **P]`` in the scope that was opened for them."""
        return [self._type_parameter(item, parent) for item in node.params] if node is not None else []

    def _type_parameter(self, node: Any, parent: Any) -> s.Parameter:
        new: s.Parameter = self.make(s.Parameter, node, parent)
        new.name = node.param.name.value
        new.kind = {"TypeVarTuple": "*type", "ParamSpec": "**type"}.get(node.param.__class__.__name__, "type")
        self.bind(new.name)
        new.annotation = self.optional(getattr(node.param, "bound", None), new)
        new.default = self.optional(node.default, new)
        return new
