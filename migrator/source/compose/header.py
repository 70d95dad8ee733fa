"""Writes compound statements: headers stay, go, or change."""

from __future__ import annotations

from collections.abc import Callable

from migrator.source import syntax as s
from migrator.source.compose.line_writer import LineWriter
from migrator.source.compose.normalize import BlockOutcome
from migrator.source.compose.simple_statements import SimpleStatements
from migrator.source.layout import Clause

_BARE = (s.Name, s.Attribute, s.Call, s.Subscript, s.Literal)  # `not` binds no tighter than these


class Headers:
    """Writes compound statements; ``write_block`` is called back with a block, its indentation and its end."""

    def __init__(
        self,
        writer: LineWriter,
        outcome: BlockOutcome,
        simple: SimpleStatements,
        write_block: Callable[[s.Block, str, int], None],
    ) -> None:
        self.writer = writer
        self.outcome = outcome
        self.simple = simple
        self.write_block = write_block
        self.layout = writer.layout

    def write(self, statement: s.Statement, indent: str) -> None:
        """Write a compound statement; the cursor is at its first line."""
        if not self.outcome.survives(statement):
            self._erase(statement, indent)
        elif isinstance(statement, s.If):
            self._write_if(statement, indent, is_opened=statement.is_elif)
        elif statement in self.outcome.unwrapped:
            self._unwrap(self.layout.clauses(statement)[0], indent)
        elif statement in self.outcome.touched:
            for clause in self.layout.clauses(statement):
                self._write_clause(clause, indent)
        else:
            self.writer.builder.begin_line()
            self.writer.keep(self.layout.end(statement))

    def _erase(self, statement: s.Statement, indent: str) -> None:
        self.writer.replacements.drop(*self.layout.span(statement))
        self.writer.erase(self.layout.end(statement), indent)

    # ------------------------------------------------------------ clauses

    def _write_clause(self, clause: Clause, indent: str) -> None:
        if clause.block in self.outcome.dropped_arms:
            self._erase_arm(clause, indent)
        else:
            self._keep_header(clause)
            self._write_body(clause, indent)

    def _erase_arm(self, clause: Clause, indent: str) -> None:
        self.writer.replacements.drop(
            self.layout.margin(clause.start).end, self.layout.span(clause.block.statements[-1]).end
        )
        self.writer.erase(clause.end, indent)

    def _keep_header(self, clause: Clause) -> None:
        self.writer.builder.begin_line(closes=clause.block.part != "body")
        self.writer.keep(self.layout.colon(clause.block))  # of the first case, with the `match` above it

    def _write_body(self, clause: Clause, indent: str) -> None:
        """Write the block of a header that stays; the cursor is after the colon."""
        block = clause.block
        if self.layout.is_suite(block) and self.simple.fits_suite(block):
            self.simple.write_suite(block)
            self.writer.keep_gap(clause.end)
            return
        if not self.layout.is_suite(block):
            self.writer.keep(self.layout.logical_end(self.layout.colon(block)))
        self.writer.builder.after_header = True
        self._write_block(clause, self._inner(clause, indent))

    def _inner(self, clause: Clause, indent: str) -> str:
        """Give the indentation of a block whose statement is indented by ``indent``."""
        block, margin = clause.block, self.layout.margin(clause.start)
        assert isinstance(block.owner, s.Compound)
        outer = len(self.layout.indent(block.owner))
        if self.layout.is_suite(block):
            return indent + self.layout.text[margin.start + outer : margin.end] + self.layout.unit(block)
        return indent + self.layout.indent(block.statements[0])[outer:]

    def _write_block(self, clause: Clause, indent: str) -> None:
        block = clause.block
        if block in self.outcome.touched or self.layout.is_suite(block):
            self.write_block(block, indent, clause.end)
            return
        with self.writer.moved(self.layout.indent(block.statements[0]), indent):
            self.writer.keep_gap(self.layout.start(block.statements[0]))
            self.writer.builder.begin_line()
            self.writer.keep(self.layout.end(block.statements[-1]))
            self.writer.keep_gap(clause.end)

    def _unwrap(self, clause: Clause, indent: str) -> None:
        """Take a header off; its block moves to ``indent``."""
        block = clause.block
        start, colon = self.layout.margin(clause.start).end, self.layout.colon(block)
        self.writer.replacements.drop(start, colon - 1)
        is_suite = self.layout.is_suite(block)
        self.writer.erase(
            self.layout.span(block.statements[0]).start if is_suite else self.layout.logical_end(colon), indent
        )
        self._write_block(clause, indent)

    # ------------------------------------------------------------ if, elif, else

    def _write_if(self, statement: s.If, indent: str, is_opened: bool = False) -> None:
        """Write an `if` or `elif`; ``is_opened`` is an `elif` that becomes an `if` inside an `else`."""
        clause = self.layout.clauses(statement)[0]
        is_elif = statement.is_elif and not is_opened
        if statement in self.outcome.unwrapped and not is_elif:
            self._unwrap(clause, indent)
        elif statement in self.outcome.unwrapped:
            self._turn_into_else(clause, indent)
        else:
            self.writer.builder.begin_line(closes=is_elif)
            if is_opened:
                self._exchange(clause, indent, "elif", "if")
            if statement in self.outcome.negated:
                self._write_negated(statement, indent)
                return
            if statement not in self.outcome.touched:
                self.writer.keep(self.layout.end(statement))
                return
            self.writer.keep(self.layout.colon(clause.block))
            self._write_body(clause, indent)
        if statement.orelse is not None:
            self._write_else(statement, indent)

    def _write_else(self, statement: s.If, indent: str) -> None:
        clause = self.layout.clauses(statement)[1]
        block = clause.block
        if block in self.outcome.dropped_arms or not block.is_elif:
            self._write_clause(clause, indent)
        elif self.outcome.splits_elif(block):
            self.writer.builder.begin_line(closes=True)
            self.writer.put_line(indent + "else:", clause.start)
            self.writer.builder.after_header = True
            self.write_block(block, indent + self.layout.unit(statement.body), clause.end)
        else:
            inner = block.statements[0]
            assert isinstance(inner, s.If)
            self._write_if(inner, indent)

    def _exchange(self, clause: Clause, indent: str, word: str, instead: str) -> None:
        start = self.layout.margin(clause.start).end
        self.writer.begin_statement(start, indent)
        self.writer.builder.put(instead)
        self.writer.builder.skip(start + len(word))

    def _turn_into_else(self, clause: Clause, indent: str) -> None:
        """Let an `elif` whose condition always holds be an `else`."""
        start, colon = self.layout.margin(clause.start).end, self.layout.colon(clause.block)
        for comment in self.layout.comments(start, colon):
            self.writer.put_line(indent + comment, start)
        self.writer.builder.begin_line(closes=True)
        self._exchange(clause, indent, "elif", "else")
        self.writer.replacements.drop(start, colon - 1)
        self.writer.builder.skip(colon - 1)
        self.writer.keep(colon)
        self._write_body(clause, indent)

    # ------------------------------------------------------------ negation

    def _write_negated(self, statement: s.If, indent: str) -> None:
        """Let `if a: <nothing> else: rest` become `if not a: rest`; the cursor is in the header."""
        body, other = self.layout.clauses(statement)
        self._negate(statement.test)
        colon = self.layout.colon(body.block)
        self.writer.keep(colon)
        self._drop_body(body)
        if self._fits_one_line(body, other):
            start = self.layout.span(other.block.statements[0]).start
            self.writer.builder.put(" ")
            self.writer.builder.skip(start)
            self.simple.write_suite(other.block)
            self.writer.keep_gap(other.end)
            return
        if not self.layout.is_suite(body.block):
            self.writer.keep(self.layout.logical_end(colon))
        self.writer.builder.after_header = True
        inner = indent + self.layout.unit(body.block)
        self.writer.erase(other.start, inner)
        if other.block.is_elif:  # one that becomes an `if`
            self.write_block(other.block, inner, other.end)
        else:
            self._unwrap(other, inner)

    def _negate(self, test: s.Expression) -> None:
        """Write a condition negated."""
        inner, outer = self.layout.module.span(test), self.layout.module.outer(test)
        touch = self.writer.replacements.touch
        if isinstance(test, s.Unary) and test.operator == "not":
            operand = self.layout.module.outer(test.operand).start
            if not touch(inner.start, operand - 1):
                self.writer.keep(inner.start)
                self.writer.builder.skip(operand)
                return
        space = " " if self.layout.text[outer.start - 1].isalnum() else ""  # `if(a):`
        is_safe = (isinstance(test, _BARE) or outer != inner) and not touch(*outer)
        self.writer.keep(outer.start)
        self.writer.builder.put(f"{space}not " if is_safe else f"{space}not (")
        self.writer.keep(outer.end)
        if not is_safe:
            self.writer.builder.put(")", after=True)

    def _fits_one_line(self, body: Clause, other: Clause) -> bool:
        start = self.layout.colon(body.block)
        if not (self.layout.is_suite(body.block) and self.layout.is_suite(other.block)):
            return False
        between = self.layout.comments(start, self.layout.span(other.block.statements[0]).start)
        return not between and self.simple.fits_suite(other.block)

    def _drop_body(self, body: Clause) -> None:
        for statement in body.block.statements:
            self.writer.replacements.drop(*self.layout.span(statement))
