from __future__ import annotations

import inspect
from random import Random
from typing import Any

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.source.parse.compound import _PATTERNS, STATEMENTS
from migrator.source.parse.expression import EXPRESSIONS
from migrator.source.text import make_source
from tests.source.generate import Generator, steadily
from tests.source.sample import ODD, SNIPPETS


def read(text: str) -> Module:
    return Module(make_source("a.py", text))


def concrete(base: type) -> set[str]:
    """Give the names of the libcst types below one that have instances."""
    inner = {name for kind in base.__subclasses__() for name in concrete(kind)}
    return inner if inspect.isabstract(base) else {*inner, base.__name__}


@pytest.mark.parametrize(
    ("base", "table"),
    [
        (cst.BaseExpression, EXPRESSIONS),
        (cst.BaseElement, EXPRESSIONS),
        (cst.BaseSlice, EXPRESSIONS),
        (cst.BaseSmallStatement, STATEMENTS),
        (cst.BaseCompoundStatement, STATEMENTS),
        (cst.MatchPattern, _PATTERNS),
    ],
)
def test_every_type_of_libcst_is_lowered(base: type, table: dict[type, Any]) -> None:
    assert concrete(base) - {kind.__name__ for kind in table} <= {"BaseExpression", "From"}


def check_order(module: Module) -> None:
    """Insist that the index holds the tree's nodes, in the order of the text."""
    walked: dict[type, list[Any]] = {}
    for node in module.root.walk():
        walked.setdefault(type(node), []).append(node)
    walked.pop(s.Root)
    assert {kind: list(map(id, nodes)) for kind, nodes in walked.items()} == {
        kind: list(map(id, module.nodes(kind))) for kind in walked
    }
    assert set(module._index) == set(walked)
    for nodes in walked.values():
        starts = [module.span(node).start for node in nodes]
        assert starts == sorted(starts)
    for node in module.root.walk():
        assert all(child.parent is node for child in node.children())


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**SNIPPETS, **ODD}.items()])
def test_every_piece_of_syntax_is_lowered_in_source_order(text: str) -> None:
    check_order(read(text))


@steadily(60)
@given(st.integers(0, 1 << 32))
def test_random_modules_are_lowered_in_source_order(seed: int) -> None:
    check_order(read(Generator(Random(seed)).module()))


def texts(module: Module, nodes: list[Any]) -> list[str]:
    return [module.text(node) for node in nodes]


def test_an_f_string_holds_its_expressions_in_order() -> None:
    module = read("f'{a!r:>{b}} {d:{e:{f}}}' 'x' f'{g}'\n")
    assert texts(module, module.nodes(s.Text)[0].parts) == ["a", "b", "d", "e", "f", "g"]


def test_stars_are_kept() -> None:
    module = read("a[*b]\nf(*c)\nclass A(*d): pass\n[*e]\n")
    assert texts(module, module.nodes(s.Starred)) == ["*b", "*d", "*e"]
    assert [x.star for x in module.nodes(s.Argument)] == ["*"]


def test_deleted_tuples_give_their_parts() -> None:
    module = read("del a, (b, c), d.e\n")
    assert texts(module, module.nodes(s.Delete)[0].targets) == ["a", "b, c", "d.e"]
    assert module.root.namespace.bound == {"a", "b", "c"}


def test_a_case_tells_names_from_values() -> None:
    module = read("match a:\n    case {b.c: d, 'e': [f, *g], **h} | i(j, k=l) as m if n: pass\n")
    (case,) = module.nodes(s.Case)
    assert [x.id for x in case.names] == ["d", "f", "g", "h", "j", "l", "m"]
    assert texts(module, case.values) == ["b.c", "'e'", "i"]
    assert texts(module, case.pattern) == ["b.c", "d", "'e'", "f", "g", "h", "i", "j", "l", "m"]


def test_a_yield_belongs_to_the_innermost_function() -> None:
    module = read(
        "def f():\n    def g(): yield\n    lambda: (yield)\n    return [(yield) for x in y]\ndef h(): lambda: (yield)\n"
    )
    assert {x.name: x.is_generator for x in module.nodes(s.FunctionDef)} == {"f": True, "g": True, "h": False}


def test_an_elif_is_a_block_that_holds_an_if() -> None:
    (first, second) = read("if a: b\nelif c: d\nelse: e\n").nodes(s.If)
    assert (first.is_elif, second.is_elif) == (False, True)
    assert first.orelse is not None
    assert first.orelse.statements == [second]
    assert [block.part for block in second.blocks()] == ["body", "orelse"]
    assert second.block.owner is first


def test_blocks_know_their_owner() -> None:
    module = read("try: a\nexcept b: c\nfinally: d\nmatch e:\n    case f: g\n")
    owners = [(block.part, type(block.owner).__name__) for block in module.nodes(s.Block)]
    assert owners == [("body", "Root"), ("body", "Try"), ("handler", "Try"), ("finally", "Try"), ("case", "Match")]


def test_imports_are_pairs_of_name_and_alias() -> None:
    module = read("import a.b, c.d as e\nfrom ..f import g as h, i\nfrom . import *\n")
    assert module.nodes(s.Import)[0].names == [("a.b", None), ("c.d", "e")]
    assert [(x.level, x.module, x.names) for x in module.nodes(s.ImportFrom)] == [
        (2, "f", [("g", "h"), ("i", None)]),
        (1, "", None),
    ]
    assert module.root.namespace.bound == {"a", "e", "h", "i"}


def test_parameters_have_their_kind() -> None:
    (function,) = read("def f[T, *U, **V](a, /, b, *c, d=1, **e): pass\n").nodes(s.FunctionDef)
    assert [(x.name, x.kind) for x in function.params] == [
        ("a", "position"), ("b", "either"), ("c", "*"), ("d", "keyword"), ("e", "**"),
    ]  # fmt: skip
    assert [(x.name, x.kind) for x in function.type_params] == [("T", "type"), ("U", "*type"), ("V", "**type")]
    assert function.namespace.bound == {"a", "b", "c", "d", "e"}


@pytest.mark.parametrize(
    ("call", "position", "keyword", "found"),
    [
        ("f(a, b)", 1, None, "b"),
        ("f(a, b)", 2, None, None),
        ("f(a, k=b)", 1, "k", "b"),
        ("f(a, k=b)", 1, None, None),
        ("f(*a, b)", 1, None, None),
        ("f(a, *b)", 0, None, "a"),
        ("f(*a, k=b)", 1, "k", "b"),
        ("f(**a)", 0, "k", None),
    ],
)
def test_an_argument_is_found_by_position_or_keyword(
    call: str, position: int, keyword: str | None, found: str | None
) -> None:
    module = read(call + "\n")
    node = module.nodes(s.Call)[0].argument(position, keyword)
    assert (None if node is None else module.text(node)) == found


def test_a_class_knows_its_methods_and_a_node_its_statement() -> None:
    module = read("class A:\n    def f(self): x\n    def f(self): y\n    z = 1\n")
    (kind,) = module.nodes(s.ClassDef)
    assert kind.methods() == {"f": module.nodes(s.FunctionDef)[1]}
    assert module.text(module.nodes(s.Name)[-1].statement) == "z = 1"


def test_a_type_alias_is_an_assignment_of_what_is_evaluated_later() -> None:
    module = read("type A = int\ntype B[T: x] = list[T]\n")
    first, second = module.nodes(s.Assign)
    assert isinstance(first.value, s.Name)
    assert isinstance(second.value, s.Lambda)
    assert module.text(second.value.body) == "list[T]"
    assert [x.name for x in second.value.params] == ["T"]
