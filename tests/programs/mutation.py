"""Mutants of good migrations, made from what the rules did: each rule's change left out, doubled, or misplaced.

    pipeline -> the changes of each rule, as operations on statements -> texts with one of them made wrong

What is left out is an operation that the engine is not asked for; what it needs and gives is passed by on purpose. The
lines that are then missing are what the change has produced: their statements are repeated, or moved to another gap.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any
from unittest.mock import patch

from migrator.plan import edits as plan_edits
from migrator.plan.edits import Edits
from migrator.plan.plan import Plan
from migrator.plan.settle import settle
from migrator.project import analysis
from migrator.rules.change import Change, Step
from migrator.source.block import Operation, compose
from migrator.source.compose.operation import Insert, Uncomposable
from migrator.source.edit import Conflict, Edit, apply
from migrator.source.module import Module
from migrator.verify import edits
from tests.programs.oracle.program import Program
from tests.programs.oracle.script import Script, reports

LEFT_OUT, DOUBLED, IN_PART = "left out", "doubled", "one object left out"
MISPLACED = EARLIER, LATER, INTO, OUT = "earlier", "later", "into the loop", "out of the loop"
_LOOPS = (ast.For, ast.While)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One statement that was done wrong."""

    kind: str
    line: int
    last_line: int
    statement: str
    passed: str  # what it was moved past
    passed_lines: range  # its lines, where it is no block
    text: str  # the whole file


@dataclass(frozen=True, slots=True)
class Mutant:
    """A good migration with the change of one rule made wrong."""

    script: str
    code: str
    kind: str
    file: str
    line: int  # in the good text, where the change has its first effect
    told: str  # which of several changes on a line
    wrong: Wrong | None  # what was done to a statement; None where a change is left out
    program: Program
    codes: frozenset[str]  # of all rules that changed the same lines
    edits: tuple[edits.Edit, ...]  # of the migration, by their lines in the mutant

    @property
    def name(self) -> str:
        """Tell it from all others."""
        return f"{self.code} {self.kind} at {self.script}/{self.file}:{self.line} {self.told}"

    @property
    def calls_own_code(self) -> bool:
        """Whether the statement calls functions of the program's own: then it may do anything where it should not be."""
        called = re.findall(r"(\w+)\(", self.wrong.statement if self.wrong else "")
        return any(f"def {name}(" in text for name in called for text in self.program)


# ---------------------------------------------------------------- what the rules did


@dataclass(frozen=True, slots=True)
class _Site:
    """Where a rule has changed a program; programs that share a file change it alike."""

    code: str
    file: str
    line: int  # in the original
    column: int


class _Record:
    """What was asked for one program: the operations on each module, and which of them a change consists of."""

    def __init__(self) -> None:
        self.accepted: list[Change] = []
        self.operations: dict[Module, list[Operation]] = {}
        self._filled: dict[Step, Operation] = {}
        self._last: list[Operation] = []

    def settle(self, arguments: tuple[Any, ...]) -> Plan:
        """Settle a plan, and take down what passes by."""
        fill, joined = Edits._fill, plan_edits._joined_wraps

        def watched_fill(found: Edits, step: Step) -> Operation:
            self._filled[step] = fill(found, step)
            return self._filled[step]

        def watched_joined(operations: list[Operation]) -> list[Operation]:
            self._last = list(operations)
            return joined(operations)

        def watched_compose(module: Module, operations: list[Operation]) -> list[Edit]:
            self.operations[module] = self._last
            return compose(module, operations)

        with (
            patch.object(Edits, "_fill", watched_fill),
            patch.object(plan_edits, "_joined_wraps", watched_joined),
            patch.object(plan_edits, "compose", watched_compose),
        ):
            made = settle(*arguments)
        self.accepted = made.accepted
        return made

    def owned(self, change: Change) -> list[Operation]:
        """List the operations of a change: its steps', and what the engine does beside them for the Accelerator."""
        if change.code == "MIG003":  # handed on: what nobody else asks for
            others = [op for other in self.accepted if other.code != "MIG003" for op in self.owned(other)]
            return [op for op in self.operations[change.module] if op not in others]
        own = [self._filled.get(step, step.operation) for step in change.steps]
        if change.code == "MIG001":
            own += filter(_is_import, self.operations[change.module])
        return own

    def texts(self, names: dict[Module, str], left_out: _Site | None) -> Iterator[tuple[str, Edit]]:
        """Give the edits of text, but for those of what is left out."""
        without = [op for x in self.accepted if left_out and site(x, names) == left_out for op in self.owned(x)]
        for module, operations in self.operations.items():
            kept = [op for op in operations if op not in without]
            for edit in compose(module, plan_edits._joined_wraps(kept)):
                yield names[module], edit


def _is_import(operation: Operation) -> bool:
    return isinstance(operation, Insert) and "import Accelerator" in "".join(operation.lines)


def site(change: Change, names: dict[Module, str]) -> _Site:
    return _Site(change.code, names[change.module], *change.module.where(change.node))


class Work:
    """What the rules did to one fixture."""

    def __init__(self, script: Script) -> None:
        """Migrate it."""
        records: dict[str, _Record] = {}

        def watched(training: Any, *arguments: Any) -> Plan:
            record = _Record()
            made = record.settle((training, *arguments))
            if made.edits:  # a second look at the result has none
                records[training.program.entry.source.path] = record
            return made

        with patch.object(analysis, "settle", watched):
            found = reports(script.before, script.settings(), script.facts.given)
        self.script = script
        self._records = list(records.values())
        self._names = {
            module: name
            for record in self._records
            for module in {*record.operations, *(change.module for change in record.accepted)}
            for name, _ in script.before.files
            if f"/repository/{name}" in module.source.path
        }
        files = [file for some in found.values() for file in some if file.text is not None]
        root = next(iter(self._names)).source.path.partition("/repository/")[0] + "/repository"
        self.edits = edits.edits(files, root)
        good = self._without(None)
        assert good is not None
        self.good = good

    def _without(self, left_out: _Site | None) -> Program | None:
        """Give the program without a change; None where the rest of them do not go together."""
        found: dict[str, dict[Edit, None]] = {}
        try:
            for record in self._records:
                for name, edit in record.texts(self._names, left_out):
                    found.setdefault(name, {})[edit] = None
            texts = {name: apply(text, found.get(name, ())) for name, text in self.script.before.files}
        except (Conflict, Uncomposable):
            return None
        return Program.of(texts)

    def mutants(self) -> Iterator[Mutant]:
        """Give all mutants that are valid, and other than the good text."""
        sites = {site(x, self._names): None for record in self._records for x in record.accepted}
        seen = {self.good}
        for one in sites:
            less = self._without(one)
            if less is None or less == self.good:
                continue
            for mutant in self._of(one, less):
                if mutant.program not in seen and all(map(_is_valid, mutant.program)):
                    seen.add(mutant.program)
                    yield mutant

    def _of(self, one: _Site, less: Program) -> Iterator[Mutant]:
        good, others = dict(self.good.files), dict(less.files)
        changed = [name for name in good if good[name] != others[name]]
        own = next((x.line for x in self.edits if (x.file, x.code) == (changed[0], one.code)), 0)
        line = min([*produced(good[changed[0]], others[changed[0]])] or [own])
        told = f"({one.line}:{one.column} before)"
        yield self._mutant(one.code, LEFT_OUT, changed[0], line, told, None, less)
        for name in changed:
            for wrong in mutations(good[name], produced(good[name], others[name])):
                program = Program.of({**good, name: wrong.text})
                shown = f"`{wrong.statement.splitlines()[0]}`"
                yield self._mutant(one.code, wrong.kind, name, wrong.line, shown, wrong, program)

    def _mutant(
        self, code: str, kind: str, file: str, line: int, told: str, wrong: Wrong | None, program: Program
    ) -> Mutant:
        good, found = dict(self.good.files), dict(program.files)
        moved = {name: _new_lines(good[name], found[name]) for name in good}
        kept = [replace(x, line=moved[x.file][x.line]) for x in self.edits if x.line in moved[x.file]]
        last = wrong.last_line if wrong else line
        passed = wrong.passed_lines if wrong else range(0)
        lines = {*range(line, last + 1), *passed}
        codes = {code, *(x.code for x in self.edits if x.file == file and x.line in lines)}
        return Mutant(self.script.name, code, kind, file, line, told, wrong, program, frozenset(codes), tuple(kept))


def _kept_lines(old: str, new: str) -> dict[int, int]:
    """Give for the lines that are left of a text their number in another."""
    found = {}
    for a, b, size in SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False).get_matching_blocks():
        found.update({a + i + 1: b + i + 1 for i in range(size)})
    return found


def _new_lines(old: str, new: str) -> dict[int, int]:
    """Give for the lines of a text their number in another, those that were moved included."""
    found, others = _kept_lines(old, new), new.splitlines()
    rest = {others[i - 1].strip(): i for i in range(len(others), 0, -1) if i not in found.values()}
    moved = {
        i: rest[line.strip()] for i, line in enumerate(old.splitlines(), 1) if i not in found and line.strip() in rest
    }
    return found | moved


def _is_valid(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


# ---------------------------------------------------------------- what is made wrong


def produced(good: str, less: str) -> set[int]:
    """List the lines of a text that it has only with a change."""
    return set(range(1, len(good.splitlines()) + 1)) - set(_kept_lines(good, less))


def mutations(good: str, lines: set[int]) -> Iterator[Wrong]:
    """Make statements wrong that stand on some lines."""
    for statement, block, owner in _outermost(ast.parse(good), lines):
        if isinstance(statement, _DEFINITIONS):  # it does nothing by itself
            continue
        text, index = _Text(good, statement), block.index(statement)

        def moved(kind: str, at: int | None, like: ast.stmt, past: Sequence[ast.stmt], text: _Text = text) -> Wrong:
            passed = "\n".join(map(ast.unparse, past))
            lines = range(past[0].lineno, past[0].lineno if hasattr(past[0], "body") else (past[0].end_lineno or 0) + 1)
            return Wrong(kind, *text.lines, text.source, passed, lines, text.moved(at, like))

        yield Wrong(DOUBLED, *text.lines, text.source, "", range(0), text.repeated())
        for name, part in text.in_part():
            yield Wrong(IN_PART, *text.lines, name, "", range(0), part)
        before, after = block[:index], block[index + 1 :]
        if before:
            yield moved(EARLIER, _start(before[-1]), statement, before[-1:])
            if isinstance(before[-1], _LOOPS):
                yield moved(INTO, before[-1].end_lineno, before[-1].body[-1], before[-1:])
        if after:
            yield moved(LATER, after[0].end_lineno, statement, after[:1])
            if isinstance(after[0], _LOOPS):
                yield moved(INTO, _start(after[0].body[0]), after[0].body[0], after[:1])
        if isinstance(owner, _LOOPS):
            yield moved(OUT, owner.end_lineno, owner, [owner])


def _outermost(tree: ast.Module, lines: set[int]) -> Iterator[tuple[ast.stmt, list[ast.stmt], ast.AST]]:
    """Give the statements that stand on some lines, a compound one where its header does; with block and owner."""

    def visit(owner: ast.AST) -> Iterator[tuple[ast.stmt, list[ast.stmt], ast.AST]]:
        for name in ("body", "orelse", "finalbody"):
            for statement in getattr(owner, name, []):
                if lines & set(range(_start(statement) + 1, _head_end(statement) + 1)):
                    yield statement, getattr(owner, name), owner
                else:
                    yield from visit(statement)
        for handler in getattr(owner, "handlers", []):
            yield from visit(handler)

    return visit(tree)


def _start(statement: ast.stmt) -> int:
    """Give the number of lines above a statement and its decorators."""
    return min([statement.lineno, *(x.lineno for x in getattr(statement, "decorator_list", []))]) - 1


def _head_end(statement: ast.stmt) -> int:
    body = getattr(statement, "body", None)
    return max(statement.lineno, _start(body[0])) if body else statement.end_lineno or statement.lineno


class _Text:
    """A text, and the lines of one statement in it."""

    def __init__(self, text: str, statement: ast.stmt) -> None:
        self._lines = text.splitlines(keepends=True)
        self._statement = statement
        self.source = ast.unparse(statement)
        self._from, self._to = _start(statement), statement.end_lineno or 0
        self.lines = statement.lineno, self._to

    def repeated(self) -> str:
        """Do it twice in a row."""
        return self._with(self._to, self._lines[self._from : self._to], keep=True)

    def moved(self, at: int | None, like: ast.stmt) -> str:
        """Move it below the first ``at`` lines, in the indentation of a statement there."""
        own = textwrap.dedent("".join(self._lines[self._from : self._to]))
        return self._with(at or 0, [textwrap.indent(own, " " * like.col_offset)], keep=False)

    def in_part(self) -> Iterator[tuple[str, str]]:
        """Leave out one after the other of what is assigned from the arguments of a call, in the order of these."""
        match self._statement:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Call(args=arguments)):
                if [ast.unparse(x) for x in names] == [ast.unparse(x) for x in arguments]:
                    for index, name in enumerate(names):
                        yield ast.unparse(name), self._called_without(index)

    def _called_without(self, left_out: int) -> str:
        statement = ast.parse(ast.unparse(self._statement)).body[0]
        assert isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        target = statement.targets[0]
        assert isinstance(target, ast.Tuple)
        del target.elts[left_out], statement.value.args[left_out]
        if len(target.elts) == 1:  # without its comma
            statement.targets = [target.elts[0]]
        line = " " * self._statement.col_offset + ast.unparse(statement) + "\n"
        return self._with(self._to, [line], keep=False)

    def _with(self, at: int, new: Sequence[str], keep: bool) -> str:
        lines: list[str] = []
        for number, line in enumerate([*self._lines, ""]):
            lines += new if number == at else []
            lines += [line] if keep or not self._from <= number < self._to else []
        return "".join(lines)
