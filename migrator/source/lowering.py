"""The state of the walk that lowers a tree, and the steps that its handlers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from migrator.source import syntax as s

Handler = Callable[[Any, Any, Any], Any]  # the walk, a node of the library, the parent of the new node


class Table(dict[type, Handler]):
    """Handlers by the type of node that they lower."""

    def __init__(self, library: Any) -> None:
        super().__init__()
        self._library = library

    def __missing__(self, kind: type) -> Handler:
        raise TypeError(f"INTERNAL ERROR: no lowering for {kind.__name__}; please report it")

    def on(self, *names: str) -> Callable[[Handler], Handler]:
        """Register a handler for types; a name that the library does not have yet is skipped."""

        def register(handler: Handler) -> Handler:
            for name in names:
                if hasattr(self._library, name):
                    self[getattr(self._library, name)] = handler
            return handler

        return register


class Lowering:
    """The walk: the scope that names fall into, and the index of new nodes by type.

    Each step makes its node before those below it, and those from left to right: the index is in source order.
    """

    def __init__(self, expressions: Table, statements: Table) -> None:
        self.expressions = expressions
        self.statements = statements
        self.scope: s.Scope = None  # type: ignore[assignment]
        self.function: Any = None  # the innermost `def`, where a `yield` belongs to it
        self.index: dict[type, list[Any]] = {}

    def run(self, tree: cst.Module) -> s.Root:
        """Lower a module."""
        root = s.Root()
        root.cst, root.parent = tree, None
        self.scope = root.namespace = s.Scope("module", root, None)
        root.body = self.block(tree, root, "body")
        return root

    def make(self, kind: type, node: Any, parent: Any) -> Any:
        """Make a node and index it."""
        new = kind()
        new.cst = node
        new.parent = parent
        found = self.index.get(kind)
        if found is None:
            self.index[kind] = [new]
        else:
            found.append(new)
        return new

    # ------------------------------------------------------------ statements

    def block(self, node: Any, parent: Any, part: str) -> s.Block:
        """Lower the body of a module, an indented block or a suite on its header's line."""
        block: s.Block = self.make(s.Block, node, parent)
        block.part = part
        block.statements = []
        for item in node.body:
            if item.__class__ is cst.SimpleStatementLine:
                for small in item.body:
                    self.statement(small, block, item)
            else:
                self.statement(item, block, None if isinstance(item, cst.BaseCompoundStatement) else node)
        return block

    def statement(self, node: Any, block: s.Block, line: Any) -> Any:
        """Lower one statement as the next one of a block."""
        new = self.statements[node.__class__](self, node, block)
        new.line = line
        new.index = len(block.statements)
        block.statements.append(new)
        return new

    # ------------------------------------------------------------ expressions

    def expression(self, node: Any, parent: Any) -> Any:
        """Lower an expression."""
        return self.expressions[node.__class__](self, node, parent)

    def optional(self, node: Any, parent: Any) -> Any:
        """Lower an expression that may be absent."""
        return None if node is None else self.expressions[node.__class__](self, node, parent)

    def target(self, node: Any, parent: Any) -> Any:
        """Lower an expression that is assigned to."""
        new = self.expression(node, parent)
        self.mark_store(new)
        return new

    def mark_store(self, new: Any) -> None:
        """Note that an expression is assigned to, and bind its names."""
        kind = new.__class__
        if kind is s.Name:
            new.store = True
            self.bind(new.id)
        elif kind is s.Attribute or kind is s.Subscript:
            new.store = True
        elif kind is s.Collection:
            new.store = True
            for item in new.items:
                self.mark_store(item)
        elif kind is s.Starred:
            self.mark_store(new.value)

    def name(self, node: cst.Name, parent: Any) -> s.Name:
        """Lower a name and list it in its scope."""
        new: s.Name = self.make(s.Name, node, parent)
        new.id = node.value
        new.store = False
        names = self.scope.names
        if new.id in names:
            names[new.id].append(new)
        else:
            names[new.id] = [new]
        return new

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

    # ------------------------------------------------------------ scopes

    def bind(self, name: str) -> None:
        """Note that the scope binds a name."""
        self.scope.bound.add(name)

    def enter(self, kind: str, node: Any) -> s.Scope:
        """Open a scope inside the current one."""
        self.scope = s.Scope(kind, node, self.scope)
        return self.scope

    def leave(self, scope: s.Scope) -> None:
        """Go back to the scope around one."""
        assert scope.parent is not None
        self.scope = scope.parent

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
