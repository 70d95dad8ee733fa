"""Edits of whole statements, worked out together (compose/) and turned into edits of text.

Rules say what should happen to a statement: it goes, it loses the `if` around it, it gets one. What that means for
lines, indentation, blank lines, comments, `;` and blocks that would end up empty is decided here, once:

    Drop     the statement goes; comments on, in and above it stay, each as a line of its own
    Unwrap   an `if` or `with` goes, its body moves out by one level; an `elif` becomes `else`
    Wrap     consecutive statements move in under a new header
    Insert   new lines in the gap before a statement
    Replace  plain text by span; falls away inside a dropped statement; comments that it takes away stay above

An `if` whose body becomes empty goes with its header when its condition has no side effect. With an `else` arm it
becomes `if not`; where that cannot be (an `elif` follows) and in other emptied blocks there is a `pass`. An emptied
`else` or `elif` arm goes. Where a Drop brings two groups of blank lines together, the larger one stays.

The old text is walked once, in order (compose/text_builder.py): each piece is kept, left out, or moved, so edits cannot overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import TypeVar

from migrator.source import syntax as s
from migrator.source.compose.header import Headers
from migrator.source.compose.line_writer import LineWriter
from migrator.source.compose.normalize import normalize
from migrator.source.compose.operation import Drop, Insert, Operation, Replace, Uncomposable, Unwrap, Wrap
from migrator.source.compose.replacement import Replacements
from migrator.source.compose.simple_statements import SimpleStatements
from migrator.source.depth import deep_recursion
from migrator.source.edit import Edit, in_order
from migrator.source.layout import Layout
from migrator.source.module import Module
from migrator.source.span import Span

_T = TypeVar("_T")
__all__ = ["Drop", "Insert", "Operation", "Replace", "Uncomposable", "Unwrap", "Wrap", "compose"]


def compose(module: Module, operations: Iterable[Operation]) -> list[Edit]:
    """Turn operations into edits of text that do not overlap.

    Raises:  Uncomposable when operations contradict each other. Conflict when two replacements overlap, or one reaches
             over the edge of something that goes or moves.
    """
    with deep_recursion():
        return _Composer(module, list(operations)).run()


class _Composer:
    def __init__(self, module: Module, operations: list[Operation]) -> None:
        self.module = module
        self.layout = Layout(module)
        self.outcome = normalize(operations)
        self.replacements = Replacements(self.layout, [op for op in operations if isinstance(op, Replace)])
        self.writer = LineWriter(self.layout, self.replacements)
        self.simple = SimpleStatements(self.writer, self.outcome)
        self.headers = Headers(self.writer, self.outcome, self.simple, self._write_block)

    def run(self) -> list[Edit]:
        root, end = self.module.root.body, len(self.layout.text)
        if root in self.outcome.touched:
            self._write_block(root, "", end)
        else:
            self.writer.builder.keep(end)
        edits, kept = self.writer.builder.finish()
        replaced = self.replacements.edits_for(edits, kept)
        return in_order([*edits, *replaced, *self._rescued(replaced)])

    def _rescued(self, replaced: list[Edit]) -> Iterator[Edit]:
        """The comments that replacements take away, each as a line of its own above the statement."""
        for edit in sorted(replaced, key=lambda edit: edit.span.start):
            lost = [x for x in self.layout.comments(*edit.span) if x not in edit.text]
            head = self._head_of_line(edit.span) if lost else None
            if head is None:
                continue
            line = self.layout.line_start(self.layout.span(head).start)
            indent = self.layout.indent(head)
            indent = self.replacements.moves.get(line, (indent, indent))[1]
            newline = self.layout.newline(line)
            yield Edit(Span(line, line), "".join(f"{indent}{comment}{newline}" for comment in lost), 1)

    def _head_of_line(self, span: Span) -> s.Statement | None:
        """The statement that begins the line, or the lines, in which a place lies."""
        around = [x for x in self.module.root.walk() if isinstance(x, s.Statement) and self.layout.span(x).holds(span)]
        return next((x for x in reversed(around) if self.layout.heads_line(x)), None)

    def _write_block(self, block: s.Block, indent: str, end: int) -> None:
        """Write the statements of a block on lines of their own, with all that stands between them."""
        old = self.layout.indent(block.statements[0]) if block.statements else ""
        inserts = _by_index(self.outcome.inserts.get(block, ()), lambda op: op.index)
        opening = _by_index(self.outcome.wraps.get(block, ()), lambda op: op.first.index)
        closing = _by_index(self.outcome.wraps.get(block, ()), lambda op: op.last.index)
        indents = [indent]  # outside the wraps, inside the first ...
        busy = {*inserts, *opening, *closing}
        with self.writer.moved(old, indent):
            for is_plain, units in groupby(self._units(block), lambda unit: self._is_plain(unit, busy)):
                if is_plain:
                    self._write_plain(block, list(units), indents[-1])
                    continue
                for unit in units:
                    self._write_before(block, unit[0], indents[-1], inserts.get(unit[0].index, []))
                    for wrap in opening.get(unit[0].index, ()):
                        self._open(wrap, old, indents)
                    self._write_unit(unit, indents[-1])
                    for _ in closing.get(unit[-1].index, ()):
                        self.writer.moves.pop()
                        indents.pop()
            self._write_end(block, indent, end, inserts.get(len(block.statements), []))

    def _is_plain(self, unit: list[s.Statement], busy: set[int]) -> bool:
        """Whether nothing is asked for of statements that stand on lines of their own."""
        return (
            self.layout.heads_line(unit[0])
            and self.layout.ends_line(unit[-1])
            and not any(x.index in busy or self.outcome.concerns(x) or getattr(x, "is_elif", False) for x in unit)
        )

    def _write_plain(self, block: s.Block, units: list[list[s.Statement]], indent: str) -> None:
        self._write_before(block, units[0][0], indent, [])
        self.writer.builder.begin_line()
        self.writer.keep(self.layout.end(units[-1][-1]))

    def _write_unit(self, unit: list[s.Statement], indent: str) -> None:
        if isinstance(unit[0], s.Compound):
            self.headers.write(unit[0], indent)
        else:
            self.simple.write(unit, indent)

    def _open(self, wrap: Wrap, old: str, indents: list[str]) -> None:
        self.writer.put_line(indents[-1] + wrap.header, self.writer.builder.at)
        self.writer.builder.after_header = True
        indents.append(indents[-1] + self.layout.unit(wrap.first.block))
        self.writer.moves.append((old, indents[-1]))

    def _units(self, block: s.Block) -> Iterator[list[s.Statement]]:
        """Give statements one by one, but for those that can stay together on a line."""
        edges = {op.index for op in self.outcome.inserts.get(block, ())}
        for wrap in self.outcome.wraps.get(block, ()):
            edges |= {wrap.first.index, wrap.last.index + 1}
        for line in self.layout.lines_of(block):
            if not edges.isdisjoint(range(line[0].index + 1, line[-1].index + 1)):
                yield from ([statement] for statement in line)
            else:
                yield line

    # ------------------------------------------------------------ between statements

    def _write_before(self, block: s.Block, statement: s.Statement, indent: str, inserts: list[Insert]) -> None:
        """Write what stands before a statement: new lines, comments, blank lines."""
        start, at = self.layout.start(statement), self.writer.builder.at
        if not self.layout.heads_line(statement):
            self._insert(inserts, indent, start)
            self.writer.builder.skip(start)
            return
        blank = self.layout.blank_lines(at)
        apart = isinstance(statement, _DEFINITIONS) and blank > 0  # a definition, with its comments, stands by itself
        above = [] if statement.index == 0 or start == at else [op for op in inserts if apart or not op.tight]
        if above and blank and not _joins_imports(block.statements[statement.index - 1], above[0]):
            follows_definition = isinstance(block.statements[statement.index - 1], _DEFINITIONS)
            for _ in range(blank if follows_definition else 1):
                self.writer.builder.hold_new_blank(self.layout.newline(max(at - 1, 0)))
        self._insert(above, indent, at - 1)
        self.writer.keep_gap(start)
        rest = [op for op in inserts if op not in above]
        is_below = statement.index > 0 and not any(op.tight for op in rest)
        self._insert(rest, indent, at - 1 if is_below else start)

    def _write_end(self, block: s.Block, indent: str, end: int, inserts: list[Insert]) -> None:
        """Write what stands below the last statement."""
        if not block.statements:  # nothing but comments
            self.writer.keep_gap(end)
        self._insert(inserts, indent, self.writer.builder.at - 1)
        if block in self.outcome.needs_pass:
            self.writer.put_line(indent + "pass", self.writer.builder.at - 1)
        self.writer.keep_gap(end)

    def _insert(self, inserts: list[Insert], indent: str, near: int) -> None:
        for op in inserts:
            for line in op.lines:
                self.writer.put_line(indent + line if line else "", near)


_DEFINITIONS = (s.FunctionDef, s.ClassDef)


def _by_index(operations: Iterable[_T], index: Callable[[_T], int]) -> dict[int, list[_T]]:
    found: dict[int, list[_T]] = {}
    for op in operations:
        found.setdefault(index(op), []).append(op)
    return found


def _joins_imports(before: s.Statement, insert: Insert) -> bool:
    """Whether an import is inserted below imports, where it needs no blank line."""
    return isinstance(before, (s.Import, s.ImportFrom)) and "".join(insert.lines[:1]).startswith(("import ", "from "))
