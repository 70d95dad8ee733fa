"""One parsed file: its source, its trees and where everything stands in the text."""

from __future__ import annotations

import ast
import gc
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import libcst as cst

from migrator.errors import Unreadable
from migrator.source import syntax
from migrator.source.depth import check_depth, room
from migrator.source.lower import lower
from migrator.source.measure import Measure, parsable
from migrator.source.reread import reread
from migrator.source.rereading import NOWHERE, Unread
from migrator.source.span import Span
from migrator.source.text import Source

_N = TypeVar("_N", bound=syntax.Node)
_TOO_DEEP = "nests too deeply to analyse; split it up, or exclude the file"


class Module:
    """A source file lowered once; spans are measured when the first one is asked for."""

    def __init__(self, source: Source) -> None:
        """Parse and lower.

        Raises:  Unreadable when libcst cannot parse the text or it nests too deeply for us.
        """
        self.source = source
        self._text = parsable(source.text)
        self._measured: Measure | None = None
        check_depth(source, self._text)
        with _heavy_work(source):
            self.tree: cst.Module = _parse(source, self._text)
            self.root, self._index = lower(self.tree)

    def nodes(self, kind: type[_N]) -> list[_N]:
        """Give all nodes of one type in source order."""
        return self._index.get(kind, [])

    def variables(self) -> list[Any]:
        """Give all names and attributes."""
        return [*self.nodes(syntax.Name), *self.nodes(syntax.Attribute)]

    def span(self, node: Any) -> Span:
        """Give a node's characters without the parentheses around it and without the blanks before it.

        Raises:  Unreadable, at the first span of a file, when libcst cannot reproduce the file byte for byte.
        """
        return Span(*self._measure().inner(getattr(node, "cst", node)))

    def outer(self, node: Any) -> Span:
        """Give a node's characters with the parentheses around it (for a statement: with the lines above it)."""
        return Span(*self._measure().outer(getattr(node, "cst", node)))

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

    def comments(self) -> list[Any]:
        """Give libcst's comment nodes in source order."""
        return self._measure().comments

    def _measure(self) -> Measure:
        if self._measured is None:
            with _heavy_work(self.source):
                self._measured = Measure(self.tree, self.source, self._text)
        return self._measured


class Reread(Module):
    """A result of our own, as Python reads it: it answers whatever the small tree does, and raises `Unread` elsewhere."""

    def __init__(self, source: Source, tree: ast.Module) -> None:
        """Lower what ``ast.parse`` has made of the text.

        Raises:  Unread when it holds syntax that is left to libcst; Unreadable when it nests too deeply for us.
        """
        self.source = source
        self.tree = NOWHERE
        with _heavy_work(source):
            self.root, self._index = reread(tree)

    def _measure(self) -> Measure:
        raise Unread(self.source.path)


@contextmanager
def _heavy_work(source: Source) -> Iterator[None]:
    """Let work on a whole tree recurse, and allocate without the garbage collector looking for what is not there."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with room():
            yield
    except (RecursionError, MemoryError) as error:
        raise Unreadable(source.path, _TOO_DEEP) from error
    finally:
        if collecting:
            gc.enable()


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
