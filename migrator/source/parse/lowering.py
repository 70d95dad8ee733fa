"""The walk that turns libcst's tree into the small one: the steps that the handlers of all node types share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, Union

import libcst as cst

from migrator.source import syntax as s

_N = TypeVar("_N", bound=s.Node)
# The walk, a node of libcst, the parent of the new node. Any: each handler takes the type of node that it is listed for.
Handler = Callable[["Lowering", Any, s.Node], _N]
# What holds statements: a module, an indented block, a suite on its header's line.
Body = Union[cst.Module, cst.BaseSuite]  # noqa: UP007
TypeParameters = Union[cst.TypeParameters, None]  # noqa: UP007


class Table(dict[type[cst.CSTNode], "Handler[_N]"]):
    """Handlers by the type of node that they lower."""

    def __missing__(self, kind: type[cst.CSTNode]) -> Handler[_N]:
        raise TypeError(f"INTERNAL ERROR: no lowering for {kind.__name__}; please report it")

    def on(self, *names: str) -> Callable[[Handler[_N]], Handler[_N]]:
        """Register a handler for types of libcst; a name that the installed version does not have is skipped."""

        def register(handler: Handler[_N]) -> Handler[_N]:
            for name in names:
                if hasattr(cst, name):
                    self[getattr(cst, name)] = handler
            return handler

        return register


class Lowering:
    """The walk: the scope that names fall into, and the index of new nodes by type.

    Each step makes its node before those below it, and those from left to right: the index is in source order.
    """

    def __init__(self, expressions: Table[s.Expression], statements: Table[s.Statement]) -> None:
        self.expressions = expressions
        self.statements = statements
        self.scope: s.Scope
        self.function: s.FunctionDef | None = None  # the innermost `def`, where a `yield` belongs to it
        self.index: dict[type[s.Node], list[s.Node]] = {}

    def make(self, kind: type[_N], node: cst.CSTNode, parent: s.Node) -> _N:
        """Make a node and index it."""
        new = kind()
        new.origin = node
        new.parent = parent
        found = self.index.get(kind)
        if found is None:
            self.index[kind] = [new]
        else:
            found.append(new)
        return new

    def run(self, tree: cst.Module) -> s.Root:
        """Lower a module."""
        root = s.Root()
        root.origin, root.parent = tree, None
        self.scope = root.namespace = s.Scope("module", root, None)
        root.body = self.block(tree, root, "body")
        return root

    # ------------------------------------------------------------ statements

    def block(self, node: Body, parent: s.Node, part: str) -> s.Block:
        """Lower the statements of a block."""
        block = self.make(s.Block, node, parent)
        block.part = part
        block.statements = []
        for item in node.body:
            if isinstance(item, cst.SimpleStatementLine):
                for small in item.body:
                    self.statement(small, block)
            else:
                self.statement(item, block)
        return block

    def orelse(self, node: cst.If | cst.For | cst.While | cst.Try | cst.TryStar, parent: s.Node) -> s.Block | None:
        """Lower the `else` of a compound statement; an `elif` is a block that holds just the next `if`."""
        if node.orelse is None:
            return None
        if not isinstance(node.orelse, cst.If):
            return self.block(node.orelse.body, parent, "orelse")
        block = self.make(s.Block, node.orelse, parent)
        block.part, block.statements = "orelse", []
        inner = self.statement(node.orelse, block)
        assert isinstance(inner, s.If)
        inner.is_elif = True
        return block

    def statement(self, node: cst.CSTNode, block: s.Block) -> s.Statement:
        """Lower one statement as the next one of a block."""
        new = self.statements[node.__class__](self, node, block)
        new.index = len(block.statements)
        block.statements.append(new)
        return new

    # ------------------------------------------------------------ expressions

    def expression(self, node: cst.CSTNode, parent: s.Node) -> s.Expression:
        """Lower an expression, or the element of a display or an index that holds one."""
        return self.expressions[node.__class__](self, node, parent)

    def optional(self, node: cst.CSTNode | None, parent: s.Node) -> s.Expression | None:
        """Lower an expression that may be absent."""
        return None if node is None else self.expressions[node.__class__](self, node, parent)

    def present(self, nodes: Iterable[cst.CSTNode | None], parent: s.Node) -> list[s.Expression]:
        """Lower those of some expressions that are not absent."""
        return [self.expression(node, parent) for node in nodes if node is not None]

    def target(self, node: cst.CSTNode, parent: s.Node) -> s.Expression:
        """Lower an expression that is assigned to."""
        new = self.expression(node, parent)
        self._mark_store(new)
        return new

    def _mark_store(self, new: s.Expression) -> None:
        """Note that an expression is assigned to, and bind its names."""
        if isinstance(new, s.Name):
            new.store = True
            self.bind(new.id)
        elif isinstance(new, (s.Attribute, s.Subscript)):
            new.store = True
        elif isinstance(new, s.Collection):
            new.store = True
            for item in new.items:
                self._mark_store(item)
        elif isinstance(new, s.Starred):
            self._mark_store(new.value)

    # ------------------------------------------------------------ arguments and parameters

    def arguments(self, nodes: Iterable[cst.Arg], parent: s.Node) -> list[s.Argument]:
        """Lower the arguments of a call."""
        found = []
        for node in nodes:
            new = self.make(s.Argument, node, parent)
            new.keyword = node.keyword.value if node.keyword is not None else None
            new.star = node.star
            new.value = self.expression(node.value, new)
            found.append(new)
        return found

    def parameters(self, node: cst.Parameters, parent: s.Node, generics: s.Scope | None) -> list[s.Parameter]:
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

    def _parameter(self, node: cst.Param, parent: s.Node, kind: str, generics: s.Scope | None) -> s.Parameter:
        new = self.make(s.Parameter, node, parent)
        new.name, new.kind, new.generics = node.name.value, kind, generics
        outer = self.scope
        self.scope = generics or outer
        new.annotation = self.optional(node.annotation and node.annotation.annotation, new)
        self.scope = outer
        new.default = self.optional(node.default, new)
        return new

    def type_parameters(self, node: TypeParameters, parent: s.Node) -> list[s.Parameter]:
        """Lower ``[T: bound = default, *Ts, **P]`` in the scope that was opened for them."""
        return [self._type_parameter(item, parent) for item in node.params] if node is not None else []

    def _type_parameter(self, node: cst.TypeParam, parent: s.Node) -> s.Parameter:
        new = self.make(s.Parameter, node, parent)
        new.name = node.param.name.value
        new.kind = {cst.TypeVarTuple: "*type", cst.ParamSpec: "**type"}.get(node.param.__class__, "type")
        new.generics = self.scope
        self.bind(new.name)
        new.annotation = self.optional(getattr(node.param, "bound", None), new)
        new.default = self.optional(node.default, new)
        return new

    # ------------------------------------------------------------ scopes

    def bind(self, name: str) -> None:
        """Note that the scope binds a name."""
        self.scope.bound.add(name)

    def enter(self, kind: str, node: s.Node) -> s.Scope:
        """Open a scope inside the current one."""
        self.scope = s.Scope(kind, node, self.scope)
        return self.scope

    def leave(self, scope: s.Scope) -> None:
        """Go back to the scope around one."""
        assert scope.parent is not None
        self.scope = scope.parent
