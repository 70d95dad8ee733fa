"""No circle of imports between files, those inside of functions and for type checkers counted."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Graph = dict[str, set[str]]


def test_no_circle_of_imports_between_files() -> None:
    assert circles(imports_of(ROOT / "migrator")) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"a": "from made.b import f", "b": "from made.a import g"}, [["made.a", "made.b"]], id="two files"
        ),
        pytest.param(
            {"a": "import made.b", "b": "from made import c", "c": "def f():\n    from made.a import g"},
            [["made.a", "made.b", "made.c"]],
            id="inside of a function",
        ),
        pytest.param(
            {
                "a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.b import T",
                "b": "from .a import g",
            },
            [["made.a", "made.b"]],
            id="for type checkers",
        ),
        pytest.param(
            {"a/__init__": "from made.a.b import T", "a/b": "from made.a import T"},
            [["made.a", "made.a.b"]],
            id="with a package",
        ),
        pytest.param({"a": "from made import b, c", "b": "from made import c", "c": "import os"}, [], id="none"),
        pytest.param({"a": "import made.a"}, [["made.a"]], id="itself"),
    ],
)
def test_a_circle_is_found(tmp_path: Path, files: dict[str, str], expected: list[list[str]]) -> None:
    package = tmp_path / "made"
    for name, text in {"__init__": "", **files}.items():
        path = package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert circles(imports_of(package)) == expected


def imports_of(package: Path) -> Graph:
    """Give what each module of a package imports of the package itself, anywhere in its text."""
    modules = {_name(package, path): path for path in package.rglob("*.py")}
    return {name: set(_imported(name, path, modules)) for name, path in modules.items()}


def _name(package: Path, path: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(name: str, path: Path, modules: Iterable[str]) -> Iterator[str]:
    around = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            start = around[: len(around) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"  # a module, or else a name that `source` defines
                yield from (x for x in ([inner] if inner in modules else [source]) if x in modules)


def circles(graph: Graph) -> list[list[str]]:
    """Give the groups of modules that import one another, by Tarjan's algorithm for strongly connected components."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in sorted(graph[module]):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1 or module in graph[module]:
                found.append(sorted(group))

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return found
