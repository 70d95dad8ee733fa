"""Which lines the statements of a module take, and how these are indented."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.source.span import Span

_MARGIN = re.compile(r"(?:[ \t]*\f)*([ \t]*)")  # what stands before a form feed is no indentation
_TAIL = re.compile(r"(?:[ \t\f;]|\\(?:\r\n|\r|\n))*(?:#[^\r\n]*)?(?:\r\n|\r|\n|\Z)")
_GLUE = r"(?:[ \t\f]|\\(?:\r\n|\r|\n))*"  # blanks that end no logical line
_BESIDE = re.compile(rf"{_GLUE};{_GLUE}")
_SAME_LINE = re.compile(_GLUE)
_DIRECTIVE = re.compile(r"#\s*(noqa|type:|pylint:|pragma:|fmt:|isort:|ruff:|mypy:|pyright:|nosec|migrate:)")


@dataclass(frozen=True, slots=True)
class Clause:
    """A header and its block: `if`, `else`, `except` ... The lines between it and the next clause are part of it."""

    block: s.Block
    start: int  # of the header's first line
    end: int


class Layout:
    """Answers about lines; offsets in, offsets out."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.text = module.source.text
        self._starts = module.source.starts
        self._ends: dict[s.Statement, int] = {}

    # ------------------------------------------------------------ lines

    def line_start(self, offset: int) -> int:
        """Give the start of the line that an offset is on."""
        return self._starts[bisect_right(self._starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Give the start of the next line, or the end of the text."""
        following = bisect_right(self._starts, offset)
        return self._starts[following] if following < len(self._starts) else len(self.text)

    def lines(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Give the parts of the lines in a range."""
        while start < end:
            stop = min(self.line_end(start), end)
            yield start, stop
            start = stop

    def logical_end(self, offset: int) -> int:
        """Give where the line ends that a statement or a colon ends on; a backslash joins the next line to it."""
        tail = _TAIL.match(self.text, offset)
        return tail.end() if tail else self.line_end(offset)

    def newline(self, offset: int) -> str:
        """Give the line end at an offset; of a last line without one, that of the line before."""
        start, end = self.line_start(offset), self.line_end(offset)
        for stop in (end, start):
            if self.text.endswith(("\n", "\r"), 0, stop):
                return "\r\n" if self.text.endswith("\r\n", 0, stop) else self.text[stop - 1]
        return "\n"

    def margin(self, line: int) -> Span:
        """Give the indentation of a line."""
        found = _MARGIN.match(self.text, line)
        assert found is not None
        return Span(*found.span(1))

    def is_blank(self, start: int, end: int) -> bool:
        """Whether a range holds nothing but blanks."""
        return not self.text[start:end].strip()

    def blank_lines(self, offset: int) -> int:
        """Give how many blank lines there are from an offset on."""
        rest = self.lines(offset, len(self.text))
        return sum(1 for _ in takewhile(lambda line: self.is_blank(*line), rest))

    def is_line_start(self, offset: int) -> bool:
        """Whether a line begins here."""
        return offset == self.line_start(offset)

    # ------------------------------------------------------------ statements

    def span(self, statement: s.Statement) -> Span:
        """Give a statement's characters, its decorators included."""
        start, end = self.module.span(statement)
        if isinstance(statement, (s.FunctionDef, s.ClassDef)) and statement.decorators:
            start = self.text.rindex("@", 0, self.module.outer(statement.decorators[0]).start)
        return Span(start, end)

    def heads_line(self, statement: s.Statement) -> bool:
        """Whether a statement is the first thing on its line."""
        if self.is_suite(statement.block):
            return False
        return not statement.index or not self._follows(statement)

    def ends_line(self, statement: s.Statement) -> bool:
        """Whether no other statement follows on the line."""
        following = statement.block.statements[statement.index + 1 : statement.index + 2]
        return not following or not self._follows(following[0])

    def _follows(self, statement: s.Statement) -> bool:
        """Whether a statement shares a line with the one before it."""
        before = statement.block.statements[statement.index - 1]
        return _BESIDE.fullmatch(self.text, self.span(before).end, self.span(statement).start) is not None

    def start(self, statement: s.Statement) -> int:
        """Give where a statement begins: its first line, or itself where something stands before it on the line."""
        start = self.span(statement).start
        return self.line_start(start) if self.heads_line(statement) else start

    def end(self, statement: s.Statement) -> int:
        """Give where a statement's last line ends, comments below a compound one included that are indented deeper."""
        if statement not in self._ends:
            blocks = statement.blocks()
            if blocks:
                self._ends[statement] = self._end_of_comments(self.end(blocks[-1].statements[-1]), statement)
            else:
                last = statement
                while not self.ends_line(last):
                    last = last.block.statements[last.index + 1]
                self._ends[statement] = self.logical_end(self.module.span(last).end)
        return self._ends[statement]

    def _end_of_comments(self, end: int, statement: s.Statement) -> int:
        own, at = self.indent(statement), end
        while at < len(self.text):
            margin, stop = self.margin(at), self.line_end(at)
            indent = self.text[margin.start : margin.end]
            is_inside = self.text.startswith("#", margin.end) and indent.startswith(own) and indent != own
            if is_inside:
                end = stop
            elif not self.is_blank(at, stop):
                break
            at = stop
        return end

    def indent(self, statement: s.Statement) -> str:
        """Give the indentation of the line that a statement begins on."""
        margin = self.margin(self.line_start(self.span(statement).start))
        return self.text[margin.start : margin.end]

    def unit(self, block: s.Block) -> str:
        """Give one level of indentation, as it is around a block."""
        return self._step(block) or self.default_unit()

    def default_unit(self) -> str:
        """Give the first level of indentation in the module; where it has none, what most have."""
        return next(filter(None, map(self._step, self.module.nodes(s.Block))), "    ")

    def _step(self, block: s.Block) -> str:
        """Give by how much a block is indented more than what it belongs to."""
        if isinstance(block.owner, s.Root) or block.is_elif or self.is_suite(block):
            return ""
        head = self._head(block) if isinstance(block.parent, s.Case) else self.start(block.owner)
        margin = self.margin(head)
        return self.indent(block.statements[0])[margin.end - margin.start :]

    def lines_of(self, block: s.Block) -> Iterator[list[s.Statement]]:
        """Give the statements of a block line by line."""
        line: list[s.Statement] = []
        for statement in block.statements:
            if line and not self._follows(statement):
                yield line
                line = []
            line.append(statement)
        if line:
            yield line

    # ------------------------------------------------------------ compound statements

    def is_suite(self, block: s.Block) -> bool:
        """Whether a block stands on its header's line."""
        start = self.span(block.statements[0]).start
        return (
            not isinstance(block.owner, s.Root)
            and _SAME_LINE.fullmatch(self.text, self.colon(block), start) is not None
        )

    def colon(self, block: s.Block) -> int:
        """Give the offset after the colon of a block's header."""
        return self.module.tokens.before(self.span(block.statements[0]).start)

    def clauses(self, statement: s.Statement) -> list[Clause]:
        """Give the clauses of a compound statement; an `elif` is one clause with all that follows it."""
        blocks = statement.blocks()
        starts = [self.start(statement), *(self._head(block) for block in blocks[1:]), self.end(statement)]
        if isinstance(statement, s.Match):
            starts[0] = self._head(blocks[0])
        return [Clause(block, starts[i], starts[i + 1]) for i, block in enumerate(blocks)]

    def _head(self, block: s.Block) -> int:
        """Give where the line of a clause's header begins."""
        if isinstance(block.parent, (s.Handler, s.Case)):
            start = self.module.span(block.parent).start
        elif isinstance(first := block.statements[0], s.If) and first.is_elif:
            start = self.module.span(first).start
        else:
            start = self.module.tokens.before(self.colon(block) - 1) - 1  # in `else` or `finally`
        return self.line_start(start)

    # ------------------------------------------------------------ comments and strings

    def comments(self, start: int, end: int) -> list[str]:
        """Give the comments in a range, but for those to tools about their own line."""
        found = self.module.tokens.comments
        first, last = (bisect_left(found, (offset, 0)) for offset in (start, end))
        texts = (self.text[comment.start : comment.end] for comment in found[first:last])
        return [text for text in texts if not _DIRECTIVE.match(text)]

    def is_in_string(self, line: int) -> bool:
        """Whether a line begins inside a string, so that its indentation is part of a value."""
        strings = self.module.tokens.strings
        at = bisect_left(strings, (line, 0)) - 1
        return at >= 0 and line < strings[at].end
