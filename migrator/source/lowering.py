"""The state of the walk that lowers a tree, and the steps that its handlers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

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


class Lowering(ABC):
    """The walk: the scope that names fall into, and the index of new nodes by type.

    Each step makes its node before those below it, and those from left to right: the index is in source order.
    """

    def __init__(self, expressions: Table, statements: Table) -> None:
        self.expressions = expressions
        self.statements = statements
        self.scope: s.Scope = None  # type: ignore[assignment]
        self.function: Any = None  # the innermost `def`, where a `yield` belongs to it
        self.index: dict[type, list[Any]] = {}

    def make(self, kind: type, node: Any, parent: Any) -> Any:
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

    def run(self, tree: Any, body: Any) -> s.Root:
        """Lower a module."""
        root = s.Root()
        root.origin, root.parent = tree, None
        self.scope = root.namespace = s.Scope("module", root, None)
        root.body = self.block(body, root, "body")
        return root

    # ------------------------------------------------------------ statements

    @abstractmethod
    def block(self, node: Any, parent: Any, part: str) -> s.Block:
        """Lower the statements of a block."""

    @abstractmethod
    def orelse(self, node: Any, parent: Any) -> s.Block | None:
        """Lower the `else` of a compound statement, or the `elif` that stands there."""

    def statement(self, node: Any, block: s.Block) -> Any:
        """Lower one statement as the next one of a block."""
        new = self.statements[node.__class__](self, node, block)
        new.index = len(block.statements)
        block.statements.append(new)
        return new

    # ------------------------------------------------------------ expressions

    @abstractmethod
    def parameters(self, node: Any, parent: Any, generics: s.Scope | None) -> list[s.Parameter]:
        """Lower the parameters of a function; annotations are seen from ``generics``, defaults from here."""

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

    def name(self, text: str, node: Any, parent: Any) -> s.Name:
        """Make a name and list it in its scope."""
        new: s.Name = self.make(s.Name, node, parent)
        new.id, new.store = text, False
        names = self.scope.names
        if text in names:
            names[text].append(new)
        else:
            names[text] = [new]
        return new

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
