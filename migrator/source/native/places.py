"""Where nodes stand in a text that Python's own parser has read: as it says, and by the brackets around them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from keyword import iskeyword
from typing import Any

from migrator.source import syntax as s
from migrator.source.native.lowering import Unread
from migrator.source.span import Span
from migrator.source.text import Source
from migrator.source.token import Tokens, find_tokens

_TELLS_IN_STRINGS = sys.version_info >= (3, 12)  # before, places in f-strings were wrong
_NAME = re.compile(r"\w+")
_WORD = re.compile(r"\w*\Z")
_ATOMS = ("True", "False", "None")


class Places:
    """Answers about nodes.

    All methods raise Unread about what Python's parser does not tell.
    """

    def __init__(self, source: Source, formatted: Sequence[s.Text]) -> None:
        """Take a text and its f-strings."""
        self.source = source
        self.formatted = formatted
        self.text = source.text
        self._is_ascii = source.text.isascii()

    # ------------------------------------------------------------ without brackets

    def inner(self, node: Any) -> Span:
        """Give a node's characters without the parentheses around it."""
        return _INNER.get(node.__class__, Places._range)(self, node)

    def _range(self, node: Any) -> Span:
        """Give what Python says of a node."""
        found = node.origin
        if not hasattr(found, "lineno") or (not _TELLS_IN_STRINGS and _is_in_string(node)):
            raise Unread(node.__class__.__name__)
        return Span(self._offset(found.lineno, found.col_offset), self._offset(found.end_lineno, found.end_col_offset))

    def _offset(self, line: int, column: int) -> int:
        """Turn a line and bytes in it into an offset."""
        start = self.source.starts[line - 1]
        if self._is_ascii:
            return start + column
        return start + len(self.text[start : start + column].encode()[:column].decode())

    def _root(self, node: s.Root) -> Span:
        return Span(0, len(self.text))

    def _compound(self, node: Any) -> Span:
        """Python counts the last semicolon of a suite as part of the compound statement."""
        blocks = [node.body] if node.is_clause else node.blocks()
        return Span(self._range(node).start, self.inner(blocks[-1].statements[-1]).end)

    def _collection(self, node: s.Collection) -> Span:
        span = self._range(node)
        return span if node.kind != "tuple" or self._is_bare_tuple(node, span) else self._without_brackets(span)

    def _is_bare_tuple(self, node: s.Collection, span: Span) -> bool:
        return bool(node.items) and self.outer(node.items[0]).start == span.start

    def _comprehension(self, node: s.Comprehension) -> Span:
        span = self._range(node)
        return self._without_brackets(span) if node.kind == "generator" else span

    def _without_brackets(self, span: Span) -> Span:
        start = self.tokens.after(span.start + 1)
        return Span(start, max(start, self.tokens.before(span.end - 1)))

    def _boolean(self, node: s.Boolean) -> Span:
        """Python has one node for `a and b and c`."""
        return Span(self.outer(node.left).start, self.outer(node.right).end)

    def _argument(self, node: s.Argument) -> Span:
        return self._range(node) if node.keyword or node.star else self.outer(node.value)

    def _parameter(self, node: s.Parameter) -> Span:
        """A parameter's stars and name."""
        start = self._range(node).start
        stars = len(node.kind) if node.kind in ("*", "**") else 0
        found = _NAME.match(self.text, start)
        assert found is not None
        return Span(self.tokens.before(start) - stars if stars else start, found.end())

    # ------------------------------------------------------------ with brackets

    def outer(self, node: Any) -> Span:
        """Give an expression's characters with the parentheses around it."""
        if not isinstance(node, s.Expression):
            raise Unread(node.__class__.__name__)
        start, end = self.inner(node)
        if isinstance(node, s.Collection) or (isinstance(node, s.Comprehension) and not self._is_only_argument(node)):
            start, end = self._range(node)
        first = self._range(node.statement).start
        while True:
            left, right = self.tokens.before(start) - 1, self.tokens.after(end)
            if not (self.text.startswith("(", max(left, 0)) and self.text.startswith(")", right)):
                return Span(start, end)
            if left != first and (self._calls(left) or self._belongs_to_with(left, right)):
                return Span(start, end)
            start, end = left, right + 1

    def _is_only_argument(self, node: s.Comprehension) -> bool:
        """Whether the brackets around a generator are those of a call."""
        call = node.parent.parent
        return isinstance(call, s.Call) and len(call.args) == 1 and self._range(call).end == self._range(node).end

    def _calls(self, bracket: int) -> bool:
        """Whether a bracket belongs to what stands before it, as in a call."""
        end = self.tokens.before(bracket)
        word = self._word(end)
        return (
            word in _ATOMS or not iskeyword(word) if word else self.text.startswith((")", "]", "}", '"', "'"), end - 1)
        )

    def _belongs_to_with(self, left: int, right: int) -> bool:
        """Whether brackets are the statement's own, as in `with (a): b`."""
        is_with = self._word(self.tokens.before(left)) == "with"
        return is_with and self.text.startswith(":", self.tokens.after(right + 1))

    def _word(self, end: int) -> str:
        """Give the word that ends at an offset."""
        found = _WORD.search(self.text, max(end - 100, 0), end)
        return found.group() if found else ""

    # ------------------------------------------------------------ tokens

    @cached_property
    def tokens(self) -> Tokens:
        """The comments and the strings.

        Raises:  Unread where an f-string holds quotes or a comment that hide its end (PEP 701).
        """
        found = find_tokens(self.text)
        if _TELLS_IN_STRINGS and not {self._range(x).end for x in self.formatted} <= {x.end for x in found.strings}:
            raise Unread("PEP 701")
        return found


def _is_in_string(node: Any) -> bool:
    while not (node.is_statement or node.parent is None):
        node = node.parent
        if isinstance(node, s.Text):
            return True
    return False


_INNER: dict[type, Callable[[Places, Any], Span]] = {
    s.Root: Places._root,
    s.Collection: Places._collection,
    s.Comprehension: Places._comprehension,
    s.Boolean: Places._boolean,
    s.Argument: Places._argument,
    s.Parameter: Places._parameter,
    **dict.fromkeys((s.If, s.For, s.While, s.With, s.Try, s.Handler, s.FunctionDef, s.ClassDef), Places._compound),
}
