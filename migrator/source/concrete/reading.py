"""Turn a text into libcst's concrete tree and that into the small tree of syntax.py; places are measured when asked for."""

from __future__ import annotations

import ast
import re
import warnings
from functools import cached_property
from typing import Any

import libcst as cst

from migrator.errors import Unreadable
from migrator.source import syntax as s
from migrator.source.concrete.compound import STATEMENTS
from migrator.source.concrete.expression import EXPRESSIONS
from migrator.source.concrete.literal import string_pieces
from migrator.source.concrete.lowering import ConcreteLowering
from migrator.source.concrete.measure import Measure, parsable
from migrator.source.depth import heavy_work
from migrator.source.span import Span
from migrator.source.text import Source
from migrator.source.token import Tokens


class Concrete:
    """A text as libcst reads it."""

    def __init__(self, source: Source) -> None:
        """Parse and lower.

        Raises:  Unreadable when libcst cannot parse the text.
        """
        self.source = source
        self.text = parsable(source.text)
        self.tree = _parse(source, self.text)
        low = ConcreteLowering(EXPRESSIONS, STATEMENTS)
        self.root, self.index = low.run(self.tree, self.tree), low.index

    def inner(self, node: Any) -> Span:
        """Give a node's own characters.

        Raises:  Unreadable, at the first span of a file, when libcst cannot reproduce the file byte for byte.
        """
        return Span(*self._measure.inner(node.origin))

    def outer(self, node: Any) -> Span:
        """Give all that libcst counts as a node's own."""
        return Span(*self._measure.outer(node.origin))

    @cached_property
    def tokens(self) -> Tokens:
        """The comments and the strings."""
        literals = (x for x in self.index.get(s.Literal, ()) if isinstance(x.value, (str, bytes)))
        nodes = [*literals, *self.index.get(s.Text, ())]
        pieces = {Span(*self._measure.inner(piece)) for node in nodes for piece in string_pieces(node.origin)}
        strings: list[Span] = []
        for span in sorted(pieces, key=lambda span: (span.start, -span.end)):
            if not strings or span.start >= strings[-1].end:  # the outermost
                strings.append(span)
        return Tokens(self.source.text, self._measure.comments, strings)

    @cached_property
    def _measure(self) -> Measure:
        with heavy_work(self.source):
            return Measure(self.tree, self.source, self.text)


def _parse(source: Source, text: str) -> cst.Module:
    try:
        return cst.parse_module(text)
    except (RecursionError, MemoryError):
        raise
    except Exception as error:  # besides syntax errors, what its nodes refuse when they are made
        raise _refusal(source, text, error) from error
    except BaseException as error:
        if error.__class__.__name__ != "PanicException":  # how a bug of the parser, written in Rust, shows
            raise
        raise _refusal(source, text, error) from error


def _refusal(source: Source, text: str, error: BaseException) -> Unreadable:
    """Say what is wrong as Python says it: that knows of Python 2, and points to the place."""
    line, column, reason = _place(error), 1, "libcst cannot parse it, although Python can"
    advice = "rewrite the line, or exclude the file"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, source.path, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as own:
        line, column, reason = own.lineno or line, own.offset or 1, own.msg
        advice = "fix the syntax, or exclude the file"
    except (ValueError, RecursionError, MemoryError):
        pass
    return Unreadable(source.path, f"cannot be parsed as Python 3 ({reason}); {advice}", line, max(column, 1))


def _place(error: BaseException) -> int:
    """Give the line that libcst names."""
    found = re.search(r"error at (\d+):", str(error))
    return int(found[1]) if found else 1
