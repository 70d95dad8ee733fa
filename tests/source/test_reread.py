"""Python's parser leads to the same small tree as libcst's, or is not asked."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path
from typing import Any

import pytest

from migrator.source import syntax as s
from migrator.source.module import Module, Reread
from migrator.source.rereading import Unread
from migrator.source.text import make_source
from tests.source.sample import SNIPPETS

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("fixtures/*/after.py"), *ROOT.glob("migrator/**/*.py")])
ODD = {
    "one index in brackets": "a[(1, 2)]\na[()]\na[1,]\na[(1), 2]\na[1, (2)]\na[(i + 1) % n, j]\n",
    "an if in an else": "if a: b\nelse:\n    if c: d\n    elif e: f\n    else: g\n",
    "boolean operators in brackets": "a and (b and c) and d or (e or f)\n",
    "arguments in odd order": "f(*a, b=c, *d, **e)\n",
    "a walrus in a comprehension": "def f():\n    return [b := a for a in c if (d := a)]\n",
    "deleting in brackets": "def f(a, b):\n    del (a, b), a[b]\n",
}


def facts(module: Module) -> list[Any]:
    """Give all that the nodes of a module hold and that does not stand in the text."""
    number = {id(node): at for kind in module._index.values() for at, node in enumerate(kind)} | {id(module.root): 0}
    scopes: list[s.Scope] = []

    def show(value: Any) -> Any:
        if isinstance(value, s.Node):
            return type(value).__name__, number[id(value)]
        if isinstance(value, s.Scope):
            if value not in scopes:
                scopes.append(value)
            return "scope", scopes.index(value)
        return [show(x) for x in value] if isinstance(value, (list, tuple)) else repr(value)

    kinds = sorted(module._index.items(), key=lambda item: item[0].__name__)
    nodes = [module.root, *(node for _, nodes in kinds for node in nodes)]
    fields = ("cst", "line", "head")
    rows = [[type(x).__name__, *((f, show(getattr(x, f))) for f in slots(x) if f not in fields)] for x in nodes]
    for scope in scopes:  # grows
        names = [(name, show(found)) for name, found in scope.names.items()]
        bound = sorted(scope.bound), sorted(scope.globals), sorted(scope.nonlocals)
        rows.append([scope.kind, show(scope.node), show(scope.parent), bound, scope.holds_scopes, names])
    return rows


def slots(node: Any) -> list[str]:
    return [name for kind in type(node).__mro__ for name in getattr(kind, "__slots__", ())]


def both(text: str) -> tuple[Module, Module]:
    source = make_source("a.py", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        return Module(source), Reread(source, tree)
    except (SyntaxError, Unread) as error:
        pytest.skip(f"is left to libcst: {error}")


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in {**SNIPPETS, **ODD}.items()])
def test_every_piece_of_syntax_is_lowered_alike(text: str) -> None:
    module, again = both(text)
    assert facts(again) == facts(module)


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in FILES])
def test_whole_files_are_lowered_alike(path: Path) -> None:
    module, again = both(path.read_text(encoding="utf-8"))
    assert facts(again) == facts(module)


@pytest.mark.parametrize("text", ["f'cuda:{x}'", "f'{x} y'", "'cuda:' f'{x}'", "f'' f'a{x}'"])
def test_formatted_strings_begin_alike(text: str) -> None:
    module, again = both(text)
    heads = [[node.head for node in x.nodes(s.Text)] for x in (module, again)]
    assert heads[0] == heads[1] or heads[0] == [""]


def test_a_reread_module_has_no_places() -> None:
    again = Reread(make_source("a.py", "a = b\n"), ast.parse("a = b\n"))
    (statement,) = again.root.body.statements
    asked = (lambda: again.span(statement), again.comments, lambda: again.tree.body, lambda: statement.cst.x)
    for ask in asked:
        with pytest.raises(Unread):
            ask()
