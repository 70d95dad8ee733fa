"""Python's parser leads to the same small tree and the same places as libcst's, or is not dependencies."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.source import syntax as s
from migrator.source.concrete.reading import Concrete
from migrator.source.native.reading import Native, Unread
from migrator.source.reading import Reading
from migrator.source.text import make_source
from tests.source.generate import Generator, steadily
from tests.source.sample import SNIPPETS

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("fixtures/*/after.py"), *ROOT.glob("migrator/**/*.py")])
ODD = {
    "one index in brackets": "a[(1, 2)]\na[()]\na[1,]\na[(1), 2]\na[1, (2)]\na[(i + 1) % n, j]\n",
    "an if in an else": "if a: b\nelse:\n    if c: d\n    elif e: f\n    else: g\n",
    "boolean operators in brackets": "a and (b and c) and d or (e or f)\n",
    "arguments in odd order": "f(*a, b=c, *d, **e)\n",
    "a walrus in a comprehension": "def f():\n    return [b := a for a in c if (d := a)]\n",
    "brackets of calls and others": "f((a))\n((a)).b\n(f)(a)\nf()(a)\nnot(a)\nif(a): (b)\nx = (\n  # c\n  (a)  # d\n)\n(a)\n",
    "brackets behind keywords": "x = True (a), a if(b)else(c), a in(b), a is not(b), lambda:(c)\nassert(a)\ndel(a)\nreturn_(a)\n",
    "brackets of tuples": "x = (a), b\nx = (a, b)\nx = ((a), b)\nx = ((a),)\nx = ()\nx = (  )\nx = ( a, b, )\nfor(a)in(b): pass\n",
    "brackets of generators": "f(a for a in b)\nf((a for a in b))\nf((a for a in b), c)\nx = (a for a in (b))\n",
    "brackets in headers": "class A(B): pass\nclass C((B)): pass\ndef f(a=(1), *, b: (c) = (d)) -> (e): pass\n",
    "brackets of with": "with (a): b\nwith ((a)): b\nwith (a) as b: c\nwith (a).b: c\n",
    "brackets of decorators": "@(a)\n@ (b) (c)\n@d.e((f))\ndef g(): pass\n",
    "brackets in index and slice": "a[(b)], a[(b):(c)], a[(b), c], a[((b), c)]\n",
    "characters of several bytes": "ä = 'ö'; ü = (ä) + f('é', (ß))\nx = 'ö' + (y)\n",
    "quotes in f-strings of the same quotes": 'x = f"{a["#"]}"  # b\ny = f"{\n  c  # don\'t\n}"  # d\n',
    "deleting in brackets": "def f(a, b):\n    del (a, b), a[b]\n",
}


def facts(reading: Reading) -> list[Any]:
    """Give all that the nodes of a text hold and that does not stand in the text."""
    number = {id(node): at for kind in reading.index.values() for at, node in enumerate(kind)} | {id(reading.root): 0}
    scopes: list[s.Scope] = []

    def show(value: Any) -> Any:
        if isinstance(value, s.Node):
            return type(value).__name__, number[id(value)]
        if isinstance(value, s.Scope):
            if value not in scopes:
                scopes.append(value)
            return "scope", scopes.index(value)
        return [show(x) for x in value] if isinstance(value, (list, tuple)) else repr(value)

    kinds = sorted(reading.index.items(), key=lambda item: item[0].__name__)
    nodes = [reading.root, *(node for _, nodes in kinds for node in nodes)]
    fields = ("origin", "head")
    rows = [[type(x).__name__, *((f, show(getattr(x, f))) for f in slots(x) if f not in fields)] for x in nodes]
    for scope in scopes:  # grows
        names = [(name, show(found)) for name, found in scope.names.items()]
        bound = sorted(scope.bound), sorted(scope.globals), sorted(scope.nonlocals)
        rows.append([scope.kind, show(scope.node), show(scope.parent), bound, scope.holds_scopes, names])
    return rows


def slots(node: Any) -> list[str]:
    return [name for kind in type(node).__mro__ for name in getattr(kind, "__slots__", ())]


def both(text: str) -> tuple[Native, Concrete]:
    source = make_source("a.py", text)
    try:
        return Native(source), Concrete(source)
    except (SyntaxError, Unread) as error:
        pytest.skip(f"is left to libcst: {error}")


def check(text: str) -> None:
    """Insist that both parsers tell the same of a text."""
    native, concrete = both(text)
    assert facts(native) == facts(concrete)
    assert list(native.tokens.comments) == list(concrete.tokens.comments)
    assert [x.end for x in native.tokens.strings] == [x.end for x in concrete.tokens.strings]
    for kind, nodes in native.index.items():
        for node, other in zip(nodes, concrete.index[kind], strict=True):
            assert native.inner(node) == concrete.inner(other)
            if isinstance(node, s.Expression) and not isinstance(node, s.Starred):  # libcst adds the comma behind that
                assert native.outer(node) == concrete.outer(other)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**SNIPPETS, **ODD}.items()])
def test_every_piece_of_syntax_is_read_alike(text: str) -> None:
    check(text)


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in FILES])
def test_whole_files_are_read_alike(path: Path) -> None:
    check(path.read_text(encoding="utf-8"))


@steadily(150)
@given(st.integers(0, 1 << 32))
def test_random_modules_are_read_alike(seed: int) -> None:
    check(Generator(Random(seed)).module())


@pytest.mark.parametrize("text", ["f'cuda:{x}'", "f'{x} y'", "'cuda:' f'{x}'", "f'' f'a{x}'"])
def test_formatted_strings_begin_alike(text: str) -> None:
    heads = [[node.head for node in x.index[s.Text]] for x in both(text)]
    assert heads[0] == heads[1] or heads[1] == [""]
