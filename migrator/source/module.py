"""One parsed file: its source, its small tree and where everything stands in the text."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar, cast

from migrator.source import syntax
from migrator.source.depth import check_depth, refusing_too_deep
from migrator.source.parse.compound import STATEMENTS
from migrator.source.parse.expression import EXPRESSIONS
from migrator.source.parse.literal import string_pieces
from migrator.source.parse.lowering import Lowering
from migrator.source.parse.positions import Positions
from migrator.source.parse.tree import parse_tree
from migrator.source.span import Span
from migrator.source.text import Source
from migrator.source.token import Tokens

_N = TypeVar("_N", bound=syntax.Node)


class Module:
    """A source file, parsed once; where its nodes stand is found out with the first question about it."""

    def __init__(self, source: Source) -> None:
        """Parse and lower.

        Raises:  Unreadable when the text cannot be parsed or it nests too deeply for us.
        """
        self.source = source
        check_depth(source)
        lowering = Lowering(EXPRESSIONS, STATEMENTS)
        with refusing_too_deep(source):
            self._tree = parse_tree(source)
            self.root = lowering.run(self._tree)
        self._index = lowering.index

    def nodes(self, kind: type[_N]) -> list[_N]:
        """Give all nodes of one type in source order."""
        return cast("list[_N]", self._index.get(kind, []))

    def variables(self) -> list[syntax.Name | syntax.Attribute]:
        """Give all names and attributes."""
        return [*self.nodes(syntax.Name), *self.nodes(syntax.Attribute)]

    def span(self, node: syntax.Node) -> Span:
        """Give a node's characters without the parentheses around it and without the blanks before it.

        Raises:  Unreadable, at the first span of a file, when libcst cannot reproduce the file byte for byte.
        """
        return self._positions.inner(node.origin)

    def outer(self, node: syntax.Node) -> Span:
        """Give a node's characters with the parentheses around it (for a statement: with the lines above it)."""
        return self._positions.outer(node.origin)

    def text(self, node: syntax.Node) -> str:
        """Give a node's own text, without the parentheses around it."""
        if isinstance(node, syntax.Name):
            return node.id  # which needs no positions
        start, end = self.span(node)
        return self.source.text[start:end]

    def outer_text(self, node: syntax.Node) -> str:
        """Give a node's text with the parentheses around it."""
        start, end = self.outer(node)
        return self.source.text[start:end]

    def where(self, node: syntax.Node) -> tuple[int, int]:
        """Give a node's 1-based line and column."""
        return self.source.where(self.span(node).start)

    def comments(self) -> list[str]:
        """Give the comments in source order."""
        return [self.source.text[start:end] for start, end in self.tokens.comments]

    @cached_property
    def tokens(self) -> Tokens:
        """The comments and the strings."""
        texts: list[syntax.Literal | syntax.Text] = [
            *(node for node in self.nodes(syntax.Literal) if isinstance(node.value, (str, bytes))),
            *self.nodes(syntax.Text),
        ]
        pieces = {self._positions.inner(piece) for node in texts for piece in string_pieces(node.origin)}
        strings: list[Span] = []
        for span in sorted(pieces, key=lambda span: (span.start, -span.end)):
            if not strings or span.start >= strings[-1].end:  # the outermost
                strings.append(span)
        return Tokens(self.source.text, self._positions.comments, strings)

    @cached_property
    def _positions(self) -> Positions:
        with refusing_too_deep(self.source):
            return Positions(self._tree, self.source)
