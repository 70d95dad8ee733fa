"""One parsed file: its source, its small tree and where everything stands in the text."""

from __future__ import annotations

from typing import Any, TypeVar

from migrator.source import syntax
from migrator.source.depth import check_depth, heavy_work
from migrator.source.native.reading import Native, Unread
from migrator.source.reading import Reading
from migrator.source.span import Span
from migrator.source.text import Source
from migrator.source.token import Tokens

_N = TypeVar("_N", bound=syntax.Node)


class Module:
    """A source file lowered once; what Python's own parser cannot read or place, libcst does."""

    def __init__(self, source: Source) -> None:
        """Parse and lower.

        Raises:  Unreadable when the text cannot be parsed or it nests too deeply for us.
        """
        self.source = source
        check_depth(source)
        with heavy_work(source):
            self._reading = _read(source)
        self.is_native = isinstance(self._reading, Native)
        self.root, self._index = self._reading.root, self._reading.index

    def nodes(self, kind: type[_N]) -> list[_N]:
        """Give all nodes of one type in source order."""
        return self._index.get(kind, [])

    def variables(self) -> list[Any]:
        """Give all names and attributes."""
        return [*self.nodes(syntax.Name), *self.nodes(syntax.Attribute)]

    def span(self, node: Any) -> Span:
        """Give a node's characters without the parentheses around it and without the blanks before it.

        Raises:  Unreadable when libcst, should it have to be asked, cannot reproduce the file byte for byte.
        """
        return self._reading.inner(node)

    def outer(self, node: Any) -> Span:
        """Give a node's characters with the parentheses around it (for a statement: with the lines above it)."""
        return self._reading.outer(node)

    def text(self, node: Any) -> str:
        """Give a node's own text, without the parentheses around it."""
        if node.__class__ is syntax.Name:
            return str(node.id)  # to say so takes no measure of the file
        start, end = self.span(node)
        return self.source.text[start:end]

    def outer_text(self, node: Any) -> str:
        """Give a node's text with the parentheses around it."""
        start, end = self.outer(node)
        return self.source.text[start:end]

    def where(self, node: Any) -> tuple[int, int]:
        """Give a node's 1-based line and column."""
        return self.source.where(self.span(node).start)

    @property
    def tokens(self) -> Tokens:
        """The comments and the strings."""
        return self._reading.tokens

    def comments(self) -> list[str]:
        """Give the comments in source order."""
        return [self.source.text[start:end] for start, end in self.tokens.comments]


def _read(source: Source) -> Reading:
    """Read a text as Python does, where that can be; else with libcst, which knows every version's syntax."""
    try:
        return Native(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, Unread):
        from migrator.source.concrete.reading import Concrete

        return Concrete(source)
