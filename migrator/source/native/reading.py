"""Turn a text into Python's own tree and that into the small tree of syntax.py; libcst is asked for single places only."""

from __future__ import annotations

import ast
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

from migrator.source import syntax as s
from migrator.source.depth import heavy_work
from migrator.source.native.expression import EXPRESSIONS
from migrator.source.native.lowering import NativeLowering, Unread
from migrator.source.native.places import Places
from migrator.source.native.statement import STATEMENTS
from migrator.source.span import Span
from migrator.source.text import Source
from migrator.source.token import Tokens

if TYPE_CHECKING:
    from migrator.source.concrete.reading import Concrete

__all__ = ["Native", "Unread"]


class Native:
    """A text as the Python that runs this reads it."""

    def __init__(self, source: Source) -> None:
        """Parse and lower.

        Raises:  SyntaxError and what else Python raises; Unread when the text holds syntax that is left to libcst.
        """
        self.source = source
        with warnings.catch_warnings():  # an odd escape is the user's business, and not on our standard error
            warnings.simplefilter("ignore")
            tree = ast.parse(source.text)
        low = NativeLowering(EXPRESSIONS, STATEMENTS)
        self.root, self.index = low.run(tree, tree.body), low.index
        self._places = Places(source, self.index.get(s.Text, ()))

    def inner(self, node: Any) -> Span:
        """Give a node's own characters."""
        try:
            return self._places.inner(node)
        except Unread:
            return self._concrete.inner(self._partner(node))

    def outer(self, node: Any) -> Span:
        """Give a node's characters with the parentheses around it."""
        try:
            return self._places.outer(node)
        except Unread:
            return self._concrete.outer(self._partner(node))

    @property
    def tokens(self) -> Tokens:
        """The comments and the strings."""
        try:
            return self._places.tokens
        except Unread:
            return self._concrete.tokens

    # ------------------------------------------------------------ libcst's view

    @cached_property
    def _concrete(self) -> Concrete:
        from migrator.source.concrete.reading import Concrete

        with heavy_work(self.source):
            return Concrete(self.source)

    @cached_property
    def _partners(self) -> dict[int, Any]:
        """What libcst makes of nodes, by the identity of ours: both parsers lead to the same ones in the same order.

        A node that a rule has made up is known by what it was made of.
        """
        found = {id(self.root): self._concrete.root}
        for kind, nodes in self.index.items():
            for node, partner in zip(nodes, self._concrete.index[kind], strict=True):
                found[id(node)] = partner
                if node.origin is not None:
                    found.setdefault(id(node.origin), partner)
        return found

    def _partner(self, node: Any) -> Any:
        return self._partners.get(id(node)) or self._partners[id(node.origin)]
