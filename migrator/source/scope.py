"""Namespaces: which scope binds the name that stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migrator.source.expression import Name


class Scope:
    """One namespace: that of a module, class, function, lambda or comprehension, or of type parameters (PEP 695).

    ``kind`` is "module", "class", "function", "comprehension" or "generic"; a lambda's is "function".
    """

    __slots__ = ("bound", "globals", "holds_scopes", "kind", "names", "node", "nonlocals", "parent")

    def __init__(self, kind: str, node: Any, parent: Scope | None) -> None:
        self.kind = kind
        self.node = node
        self.parent = parent
        self.holds_scopes = False  # whether functions or classes are defined inside, which may outlive an activation
        if parent is not None and kind != "comprehension":
            parent.holds_scopes = True
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.names: dict[str, list[Name]] = {}  # every Name written in this scope, in source order

    def resolve(self, name: str) -> Scope | None:
        """Find the scope that binds ``name`` as seen from here; None for a builtin or an unknown name."""
        if self._binds(name):
            return self
        outer, sees_class = self.parent, self.kind == "generic"
        if name in self.globals or outer is None:
            return self._in_module(name)
        while outer.parent is not None:
            # the names of a class are not seen from its methods, but from the type parameters directly inside it
            if outer.kind != "class" or sees_class:
                if name in outer.globals:
                    return self._in_module(name)
                if outer._binds(name):
                    return outer
            sees_class = sees_class and outer.kind == "generic"
            outer = outer.parent
        return self._in_module(name)

    def _binds(self, name: str) -> bool:
        return name in self.bound and name not in self.globals and name not in self.nonlocals

    def _in_module(self, name: str) -> Scope | None:
        module = self.module
        return module if name in module.bound else None

    @property
    def module(self) -> Scope:
        """The module's own scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope
