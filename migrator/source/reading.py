"""What a parser leaves of a text: the small tree, and where its nodes stand."""

from __future__ import annotations

from typing import Any, Protocol

from migrator.source import syntax as s
from migrator.source.span import Span
from migrator.source.token import Tokens


class Reading(Protocol):
    """A text, read by one parser or the other."""

    root: s.Root
    index: dict[type, list[Any]]  # every node by its type, in source order

    def inner(self, node: Any) -> Span:
        """Give a node's characters without the parentheses around it and without the blanks before it.

        Raises:  Unreadable
        """

    def outer(self, node: Any) -> Span:
        """Give a node's characters with the parentheses around it (for a statement: with the lines above it).

        Raises:  Unreadable
        """

    @property
    def tokens(self) -> Tokens:
        """The comments and the strings."""
