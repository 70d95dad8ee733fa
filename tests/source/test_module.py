"""Places in the text are what Python says they are, and files that cannot be read say so."""

from __future__ import annotations

import ast
import re
import sys
from random import Random
from typing import Any

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import Unreadable
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.source.text import make_source, read_source
from tests.source.generate import Generator, steadily
from tests.source.sample import ODD, SNIPPETS

PAIRS: dict[type, tuple[type, ...]] = {
    ast.Name: (s.Name,), ast.Attribute: (s.Attribute,), ast.Subscript: (s.Subscript,), ast.Call: (s.Call,),
    ast.BinOp: (s.Binary,), ast.UnaryOp: (s.Unary,), ast.Compare: (s.Compare,), ast.IfExp: (s.Conditional,),
    ast.Lambda: (s.Lambda,), ast.NamedExpr: (s.Walrus,), ast.Await: (s.Await,), ast.Dict: (s.Mapping,),
    ast.Assign: (s.Assign,), ast.AugAssign: (s.Augment,), ast.AnnAssign: (s.Annotate,), ast.Expr: (s.Evaluate,),
    ast.Return: (s.Return,), ast.Raise: (s.Raise,), ast.Assert: (s.Assert,), ast.Delete: (s.Delete,),
    ast.Import: (s.Import,), ast.ImportFrom: (s.ImportFrom,), ast.If: (s.If,), ast.For: (s.For,),
    ast.AsyncFor: (s.For,), ast.While: (s.While,), ast.With: (s.With,), ast.AsyncWith: (s.With,),
    ast.Try: (s.Try,), getattr(ast, "TryStar", ast.Try): (s.Try,),
    ast.FunctionDef: (s.FunctionDef,), ast.AsyncFunctionDef: (s.FunctionDef,), ast.ClassDef: (s.ClassDef,),
    ast.Match: (s.Match,), ast.ExceptHandler: (s.Handler,), ast.keyword: (s.Argument,),
}  # fmt: skip


def read(text: str) -> Module:
    return Module(make_source("a.py", text))


class Places:
    """Where the nodes of an `ast` tree stand, in characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = make_source("a.py", text).starts
        self.encoded = [line.encode() for line in re.split(r"\r\n|\r|\n", text)]
        self.found: dict[type, set[tuple[int, int]]] = {}
        self.visit(ast.parse(text))

    def offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + len(self.encoded[line - 1][:column].decode())

    def visit(self, node: Any) -> None:
        if isinstance(node, ast.JoinedStr) or type(node).__name__ in ("Interpolation", "TypeAlias"):
            return  # before Python 3.12 these places were wrong
        for kind in PAIRS.get(type(node), ()):
            start, end = self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)
            # Python counts the last semicolon of a suite as part of the compound statement
            self.found.setdefault(kind, set()).add((start, start + len(self.text[start:end].rstrip("; \\\r\n"))))
        for child in ast.iter_child_nodes(node):
            self.visit(child)


def is_comparable(node: s.Node) -> bool:
    """Whether `ast` has a node of the same kind at the same place, that is right in every Python."""
    around: Any = node.parent
    while around is not None:
        if isinstance(around, s.Text) or (isinstance(around, s.Assign) and isinstance(around.origin, cst.TypeAlias)):
            return False
        around = around.parent
    if isinstance(node, s.Name):  # what `except` and patterns bind is no ast.Name
        return not (isinstance(node.parent, (s.Handler, s.Case)) and node.store)
    if isinstance(node, s.Assign):
        return not isinstance(node.origin, cst.TypeAlias)
    return not isinstance(node, s.Argument) or node.keyword is not None or node.star == "**"


def check_places(text: str) -> None:
    module = read(text)
    expected = Places(text).found
    for kind in {kind for kinds in PAIRS.values() for kind in kinds}:
        nodes = [node for node in module.nodes(kind) if is_comparable(node)]
        if kind is s.Argument:
            nodes = [node for node in nodes if node.star != "**"]
            expected[kind] = {span for span in expected.get(kind, set()) if not text.startswith("**", span[0])}
        assert {tuple(module.span(node)) for node in nodes} == expected.get(kind, set()), kind


def is_known_here(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**SNIPPETS, **ODD}.items()])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_spans_are_those_of_the_ast(text: str, newline: str) -> None:
    if not is_known_here(text):
        pytest.skip(f"not the syntax of Python {sys.version_info.major}.{sys.version_info.minor}")
    check_places(text.replace("\n", newline))


@steadily(80)
@given(st.integers(0, 1 << 32))
def test_spans_in_random_modules_are_those_of_the_ast(seed: int) -> None:
    check_places(Generator(Random(seed)).module())


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**SNIPPETS, **ODD}.items()])
def test_every_node_has_a_span_inside_that_of_its_parent(text: str) -> None:
    module = read(text)
    for node in module.root.walk():
        inner, outer = module.span(node), module.outer(node)
        assert outer.start <= inner.start <= inner.end <= outer.end <= len(text)
        if isinstance(node.parent, (s.Parameter, s.FunctionDef, s.ClassDef)):  # the name; the part from `def`
            assert module.outer(node.parent).holds(outer)
        elif isinstance(node, s.Expression):
            assert module.span(node.parent).holds(outer)


SPANS = [
    ("brackets around a name", "x = ((a)) + b\n", s.Name, 1, "a", "((a))"),
    ("brackets around an operation", "x = (a +\n  b)\n", s.Binary, 0, "a +\n  b", "(a +\n  b)"),
    ("brackets around what is called", "(a).b((c))\n", s.Call, 0, "(a).b((c))", "(a).b((c))"),
    ("an argument", "f(a=(b), *c)\n", s.Argument, 0, "a=(b)", None),
    ("a tuple", "x = (a, b)\n", s.Collection, 0, "a, b", "(a, b)"),
    ("a generator in its brackets", "x = (a for a in b)\n", s.Comprehension, 0, "a for a in b", "(a for a in b)"),
    ("characters of several bytes", "'é𝄞'; ñ = 'ü'\n", s.Name, 0, "ñ", "ñ"),
    (
        "a function without its decorators",
        "@d\ndef f(): pass\n",
        s.FunctionDef,
        0,
        "def f(): pass",
        "@d\ndef f(): pass\n",
    ),
    ("a compound statement ends with its last one", "if a:\n    b  # c\n    # d\n\ne\n", s.If, 0, "if a:\n    b", None),
    ("a statement without its comments", "# a\nb  # c\n", s.Evaluate, 0, "b", "b"),
    ("an elif", "if a: b\nelif c: d\n", s.If, 1, "elif c: d", "elif c: d\n"),
    ("the last without a line end", "if a:\n    b", s.If, 0, "if a:\n    b", "if a:\n    b"),
    ("among bare carriage returns", "a\rif b:\r    c\r", s.If, 0, "if b:\r    c", "if b:\r    c\r"),
    ("behind a form feed", "a\n\fdef f():\n\f    b\n", s.FunctionDef, 0, "def f():\n\f    b", None),
]


@pytest.mark.parametrize(
    ("text", "kind", "number", "inner", "outer"), [pytest.param(*rest, id=name) for name, *rest in SPANS]
)
def test_the_span_of(text: str, kind: type[s.Node], number: int, inner: str, outer: str | None) -> None:
    module = read(text)
    node = module.nodes(kind)[number]
    assert module.text(node) == inner
    assert outer is None or module.outer_text(node) == outer


def test_places_are_characters_behind_the_byte_order_mark() -> None:
    module = Module(read_source("a.py", b"\xef\xbb\xbf\xc3\xa9 = a\n"))
    assert [module.where(name) for name in module.nodes(s.Name)] == [(1, 1), (1, 5)]
    assert module.text(module.nodes(s.Name)[1]) == "a"


def test_comments_come_in_source_order() -> None:
    module = read("# 1\na(  # 2\n)  # 3\nif b:  # 4\n    # 5\n    c\n    # 6\n# 7\n'# no'\n# 8")
    assert module.comments() == [f"# {number}" for number in range(1, 9)]
    assert [module.source.where(x.start)[0] for x in module.tokens.comments] == [1, 2, 3, 4, 5, 7, 8, 10]


def test_comments_that_libcst_loses_at_the_end_of_a_file_are_found() -> None:
    text = "a  # 1\n  # 2\n  # 3\n\n\r\n"
    assert cst.parse_module(text).code != text
    module = read(text)
    assert module.comments() == ["# 1", "# 2", "# 3"]


REFUSED = [
    ("Python 2's print", "print 'a'\n", 1, "Missing parentheses"),
    ("Python 2's print further down", "a\n\nprint 'a', b\n", 3, "Missing parentheses"),
    ("Python 2's exec", "exec 'a'\n", 1, "exec"),
    ("Python 2's raise", "a\nraise A, 'b'\n", 2, "invalid syntax"),
    ("Python 2's backticks", "a\nb = `c`\n", 2, "invalid syntax"),
    ("an open bracket", "a\nb = (\n", 2, "was never closed"),
    ("an odd indentation", "if a:\n        b\n   c\n", 3, "unindent"),
    ("tabs and spaces", "if a:\n        b\n\tc\n", 3, "inconsistent use of tabs"),
    ("a keyword as a name", "a\nb(async=True)\n", 2, "invalid syntax"),
    ("a merge conflict", "a\n<<<<<<< HEAD\nb\n", 2, "invalid syntax"),
    ("an invisible blank", "a =\u00a01\n", 1, "non-printable"),
    ("bytes beside text", "a\nb = b'c' 'd'\n", 2, "cannot mix bytes"),
    ("too many indentations", "".join(" " * i + "if a:\n" for i in range(120)) + " " * 120 + "b\n", 101, "indentation"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "reason"), [pytest.param(*rest, id=name) for name, *rest in REFUSED])
def test_what_cannot_be_parsed_says_where_why_and_what_to_do(text: str, line: int, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)
    assert reason in caught.value.message
    assert "exclude the file" in caught.value.message
    assert caught.value.line == line


def test_what_only_python_can_parse_is_refused() -> None:
    with pytest.raises(Unreadable, match="although Python can"):
        read("a\nclass A(b=c, *d): pass\n")


NOT_REPRODUCED = [
    ("a backslash before a statement", "a\n\\\nb\n", 2),
    ("two ways to indent", "if a:\n \t\tb\n\t \tc\n", 3),
]


@pytest.mark.parametrize(("text", "line"), [pytest.param(*rest, id=name) for name, *rest in NOT_REPRODUCED])
def test_what_libcst_does_not_reproduce_is_refused_with_the_first_span(text: str, line: int) -> None:
    module = read(text)
    with pytest.raises(Unreadable, match="byte for byte") as caught:
        module.span(module.root)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text", ["", "\n", "   ", "# a", "\r", "\r\n\r\n", "\f\n", "a", "a;", "a\n   ", "if a:\n  b\n\n  "]
)
def test_files_with_next_to_nothing_are_read(text: str) -> None:
    module = read(text)
    assert module.span(module.root).end == len(text)


def test_a_large_file_is_read() -> None:
    module = read("x\n" * 50_000)
    assert module.where(module.nodes(s.Name)[-1]) == (50_000, 1)


@steadily(300)
@given(st.text(alphabet="ab =(){}[]:'\"\\#\n\r\t\f,.0é", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        module = read(text)
        spans = [module.span(node) for node in module.root.walk()]
    except Unreadable:
        return
    assert all(0 <= start <= end <= len(text) for start, end in spans)
