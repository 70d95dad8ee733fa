"""Where each libcst node stands in the text: the tree is printed once, and the places are noted on the way."""

from __future__ import annotations

import re
from itertools import accumulate

import libcst as cst
from libcst._nodes.internal import CodegenState

from migrator.errors import Unreadable
from migrator.source.parse.tree import parsable
from migrator.source.span import Span
from migrator.source.text import Source


class Positions:
    """The places of all nodes of a tree, and its comments in source order."""

    def __init__(self, tree: cst.Module, source: Source) -> None:
        """Print the tree.

        Raises:  Unreadable when that does not give the text that it was read from.
        """
        text = parsable(source.text)
        recorder = _Recorder(tree)
        tree._codegen(recorder)
        self._printed, self._syntactic = recorder.printed, recorder.syntactic
        self._offsets = [0, *accumulate(map(len, recorder.tokens))]
        self.comments = [self.inner(node) for node in recorder.comments]
        printed = "".join(recorder.tokens)
        if printed != text:
            self._compare(text, printed, tree, source)

    def inner(self, node: object) -> Span:
        """Give the characters of a node of the tree, without the parentheses around it and without the lines above it."""
        start, end = self._syntactic.get(id(node)) or self._printed[id(node)]
        return Span(self._offset(start), self._offset(end))

    def outer(self, node: object) -> Span:
        """Give the characters of a node of the tree, with all that libcst counts as its own."""
        start, end = self._printed[id(node)]
        return Span(self._offset(start), self._offset(end))

    def _offset(self, token: int) -> int:
        # at the end of a file, libcst takes a line end back that it has printed
        return self._offsets[token] if token < len(self._offsets) else self._offsets[-1]

    def _compare(self, text: str, printed: str, tree: cst.Module, source: Source) -> None:
        """Accept what libcst loses after the last statement, where only comments and blank lines are left."""
        size = min(len(text), len(printed))
        same = next((at for at in range(size) if text[at] != printed[at]), size)
        end = self.inner(tree.body[-1]).end if tree.body else 0
        if same < end:
            message = "cannot be reproduced byte for byte by libcst; retype the line without its odd characters"
            raise Unreadable(source.path, message, *source.where(same))
        found = [Span(*comment.span()) for comment in re.finditer(r"#[^\r\n]*", text[end:])]
        self.comments = [x for x in self.comments if x.end <= end]
        self.comments += [Span(end + x.start, end + x.end) for x in found]


class _Recorder(CodegenState):
    """What libcst prints into; notes for each node how many tokens stand before it and up to its end.

    Counting tokens and adding up their lengths afterwards is a third faster than keeping an offset. The methods are
    closures over the lists because they are called some hundred thousand times a second.
    """

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
        self.comments: list[cst.Comment] = []
        self.printed: dict[int, tuple[int, int]] = {}
        self.syntactic: dict[int, tuple[int, int]] = {}  # where that differs
        tokens, printed, comments, comment = self.tokens, self.printed, self.comments, cst.Comment
        open_: list[int] = []
        push, pop, count = open_.append, open_.pop, tokens.__len__

        def before_codegen(node: cst.CSTNode) -> None:
            push(count())

        def after_codegen(node: cst.CSTNode) -> None:
            printed[id(node)] = (pop(), count())
            if isinstance(node, comment):
                comments.append(node)

        self.add_token = tokens.append  # type: ignore[method-assign, assignment]
        self.before_codegen = before_codegen  # type: ignore[method-assign]
        self.after_codegen = after_codegen  # type: ignore[method-assign]

    def record_syntactic_position(  # type: ignore[override]
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _Position | _Printed:
        if node.__class__ in _PLAIN and not node.lpar:
            return _PRINTED
        return _Position(self, node, start_node, end_node)


# Expressions that print nothing but themselves and the parentheses around them; half of all positions are theirs.
_PLAIN = frozenset({cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float, cst.SimpleString})


class _Printed:
    """The position of a node that is all that is printed of it: nothing to note."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass


_PRINTED = _Printed()


class _Position:
    """The part of a node's code that is the node itself; a class, since generators cost more to enter."""

    __slots__ = ("end_node", "node", "recorder", "start", "start_node")

    def __init__(
        self, recorder: _Recorder, node: cst.CSTNode, start_node: cst.CSTNode | None, end_node: cst.CSTNode | None
    ) -> None:
        self.recorder = recorder
        self.node = node
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        self.start = len(self.recorder.tokens)

    def __exit__(self, error: object, *rest: object) -> None:
        if error is not None:
            return  # the nodes inside have no place yet: looking for one would hide what happened, Ctrl-C for one
        start, end = self.start, len(self.recorder.tokens)
        syntactic, printed = self.recorder.syntactic, self.recorder.printed
        if (first := self.start_node) is not None:
            start = (syntactic.get(id(first)) or printed[id(first)])[0]
        if (last := self.end_node) is not None:
            end = (syntactic.get(id(last)) or printed[id(last)])[1]
        syntactic[id(self.node)] = (start, end)
