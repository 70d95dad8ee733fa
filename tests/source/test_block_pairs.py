"""Every pair of operations on random modules, held against the same operations on an `ast` tree."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from random import Random

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from migrator.source import syntax as s
from migrator.source.block import Drop, Insert, Operation, Replace, Uncomposable, Unwrap, Wrap, compose
from migrator.source.edit import apply
from migrator.source.layout import Layout
from migrator.source.module import Module
from migrator.source.span import Span
from migrator.source.text import make_source
from tests.source.generate import Generator, steadily
from tests.source.oracle import Oracle, Refused, rename

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
DIRECTIVES = ("# noqa", "# type: ignore", "# pragma: no cover")


def comments(text: str) -> Counter[str]:
    plain = re.sub(r"\r\n?", "\n", text)
    return Counter(
        x.string for x in tokenize.generate_tokens(io.StringIO(plain).readline) if x.type == tokenize.COMMENT
    )


def everything(module: Module) -> list[list[Operation]]:
    """Give all that can be asked of a module, each as the operations that belong together."""
    found: list[list[Operation]] = []
    statements = [x for block in module.nodes(s.Block) for x in block.statements]
    for number, statement in enumerate(statements):
        found.append([Drop(statement)])
        found.append([Wrap(statement, statement, f"if h{number}:")])
        if isinstance(statement, (s.If, s.With)):
            orelse = getattr(statement, "orelse", None)
            rest = [Drop(x) for x in orelse.statements] if orelse is not None else []
            found.append([Unwrap(statement), *rest])
            found.append([Unwrap(statement), *rest, *(Drop(x) for x in statement.body.statements)])
    for number, block in enumerate(module.nodes(s.Block)):
        found.append([Drop(x) for x in block.statements])
        for index in range(len(block.statements) + 1):
            found.append([Insert(block, index, (f"i{number}_{index}()",), rank=0)])
            found.append([Insert(block, index, (f"t{number}_{index} = 1", f"u{number}"), tight=True, rank=1)])
        if len(block.statements) > 1:
            found.append([Wrap(block.statements[0], block.statements[-1], f"with k{number}:")])
            found.append([Wrap(block.statements[0], block.statements[1], f"while h{number}:")])
            found.append([Wrap(block.statements[1], block.statements[-1], f"if g{number}:")])
    counts = Counter(name.id for name in module.nodes(s.Name))
    for name in module.nodes(s.Name):
        span = module.span(name)
        if counts[name.id] == 1 and not name.store and not isinstance(name.parent, s.Delete):
            text = f"(r{name.id})" if span.start % 2 else f"m(\n    r{name.id},\n)"
            found.append([Replace(span, text)])
            found.append(
                [Replace(Span(span.start, span.start), f"x{name.id}("), Replace(Span(span.end, span.end), ")", -1)]
            )
    return found


def sample(random: Random, operations: Sequence[list[Operation]], count: int) -> list[list[Operation]]:
    return random.sample(list(operations), min(count, len(operations)))


def check(module: Module, operations: Sequence[Operation]) -> None:
    """Insist that a composition is what the operations on the `ast` tree give, and keeps what it should keep."""
    text = module.source.text
    oracle = Oracle(text, module.root, operations)
    try:
        expected = rename(oracle.result(), names_after(module, operations))
    except Refused:
        with pytest.raises(Uncomposable):
            compose(module, operations)
        return
    result = apply(text, compose(module, operations))
    assert ast.dump(ast.parse(result)) == ast.dump(expected)
    Module(make_source("after.py", result)).comments()
    check_comments(text, result)
    check_line_ends(text, result)
    check_rest(module, operations, text, result)


def names_after(module: Module, operations: Sequence[Operation]) -> dict[str, str]:
    names: dict[str, str] = {}
    for op in operations:
        if isinstance(op, Replace) and op.span.start < op.span.end:
            names[module.source.text[slice(*op.span)]] = op.text
    for first, last in pairwise(operations):
        if isinstance(first, Replace) and isinstance(last, Replace) and first.text.endswith("("):
            name = module.source.text[first.span.start : last.span.start]
            names[name] = f"{first.text}{names.get(name, name)})"
    return names


def check_comments(before: str, after: str) -> None:
    old, new = comments(before), comments(after)
    assert not new - old
    assert all(comment in DIRECTIVES for comment in old - new), old - new


def check_line_ends(before: str, after: str) -> None:
    old = {match[0] for match in re.finditer(r"\r\n|\r|\n", before)}
    new = {match[0] for match in re.finditer(r"\r\n|\r|\n", after)}
    assert new <= (old or {"\n"})
    if before and after:
        assert before.endswith(("\r", "\n")) == after.endswith(("\r", "\n"))


def check_rest(module: Module, operations: Sequence[Operation], before: str, after: str) -> None:
    """Lines of top-level statements in which nothing was asked for are there as they were, in order."""
    busy = {top(x) for op in operations for x in concerned(module, op)}
    busy.update(x for row in Layout(module).lines_of(module.root.body) if not busy.isdisjoint(row) for x in row)
    ours, theirs = set[int](), set[int]()
    for statement in module.root.body.statements:
        span = module.span(statement)
        numbers = range(module.source.where(span.start)[0], module.source.where(span.end)[0] + 1)
        (theirs if statement in busy else ours).update(numbers)
    old, new = LINE.findall(before), iter(LINE.findall(after))
    for number in sorted(ours - theirs):
        line = old[number - 1]
        assert any(other in (line, line.rstrip("\r\n"), line + "\n") for other in new), line


def concerned(module: Module, op: Operation) -> Iterator[s.Statement]:
    if isinstance(op, Replace):
        yield from (
            x.statement
            for x in module.nodes(s.Name)
            if module.span(x).meets(op.span) or op.span.start in module.span(x)
        )
    elif isinstance(op, Insert):
        yield from op.block.statements if op.block.owner is not module.root else []
        if op.block.owner is module.root:  # a row that is split
            yield from op.block.statements[max(0, op.index - 1) : op.index + 1]
    elif isinstance(op, Wrap):
        yield from op.first.block.statements[op.first.index : op.last.index + 1]
    else:
        yield op.statement


def top(statement: s.Statement) -> s.Statement:
    while not isinstance(statement.block.owner, s.Root):
        statement = statement.block.owner
    return statement


def read(random: Random, size: int) -> Module:
    text = Generator(random, size).module()
    ast.parse(text)
    module = Module(make_source("before.py", text))
    module.comments()
    return module


@steadily(80)
@given(st.integers(0, 1 << 32))
def test_every_pair_of_operations_gives_what_the_tree_gives(seed: int) -> None:
    random = Random(seed)
    module = read(random, 2)
    for first, second in combinations(sample(random, everything(module), 9), 2):
        check_and_tell(module, [*first, *second])


@steadily(300)
@given(st.integers(0, 1 << 32), st.integers(1, 9))
def test_many_operations_at_once_give_what_the_tree_gives(seed: int, count: int) -> None:
    random = Random(seed)
    module = read(random, 4)
    check_and_tell(module, [op for group in sample(random, everything(module), count) for op in group])


def check_and_tell(module: Module, operations: Sequence[Operation]) -> None:
    note(f"text = {module.source.text!r}")
    note(f"operations = {[describe(module, op) for op in operations]}")
    check(module, operations)


def describe(module: Module, op: Operation) -> str:
    if isinstance(op, (Drop, Unwrap)):
        return f"{type(op).__name__} {module.text(op.statement)!r}"
    if isinstance(op, Wrap):
        return f"Wrap {module.text(op.first)!r} to {module.text(op.last)!r} in {op.header}"
    if isinstance(op, Insert):
        return f"Insert {op.lines} before {op.index} in {module.text(op.block)!r}, tight: {op.tight}"
    return repr(op)
