"""Names are resolved as Python's own compiler resolves them."""

from __future__ import annotations

import symtable
import sys
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.source.text import make_source
from tests.source.generate import steadily

NAMES = "abcd"


class Programs:
    """Writes nested scopes over a handful of names; each scope begins a line of its own."""

    def __init__(self, random: Random, comprehensions: bool) -> None:
        self.random = random
        self.comprehensions = comprehensions

    def name(self) -> str:
        return self.random.choice(NAMES)

    def block(self, indent: str, depth: int, kind: str) -> list[str]:
        lines = []
        for _ in range(self.random.randint(1, 4)):
            lines += self.statement(indent, depth, kind)
        declared = self.random.choice(["", "", "", "global", "nonlocal"]) if kind != "module" else ""
        return [f"{indent}{declared} {self.name()}", *lines] if declared else lines

    def statement(self, indent: str, depth: int, kind: str) -> list[str]:
        if depth < 3 and self.random.random() < 0.45:
            inner = indent + " "
            if self.random.random() < 0.3:
                return [f"{indent}class {self.name()}({self.value()}):", *self.block(inner, depth + 1, "class")]
            head = f"{indent}def {self.name()}({self.name()}, e={self.value()}):"
            return [
                *([f"{indent}@{self.name()}"] * self.random.randint(0, 1)),
                head,
                *self.block(inner, depth + 1, "def"),
            ]
        form = self.random.choice(_STATEMENTS)
        return [indent + form.format(n=self.name(), m=self.name(), v=self.value()).replace("\n", "\n" + indent)]

    def value(self, depth: int = 0) -> str:
        if depth > 1 or self.random.random() < 0.5:
            return self.name()
        forms = _VALUES if self.comprehensions else _VALUES[:4]
        return self.random.choice(forms).format(
            n=self.name(), m=self.name(), v=self.value(depth + 1), w=self.value(depth + 1)
        )


_STATEMENTS = (
    "{n} = {v}", "{n} += {v}", "{n}: int = {v}", "{n}: int", "del {n}", "print({v})", "import {n}",
    "import {n}.{m}", "from x import {m} as {n}", "for {n}, *{m} in {v}: pass", "with {v} as {n}: {m}",
    "try: {v}\nexcept E as {n}: {m}", "while {v}: {n}.x = {m}[{n}]", "if ({n} := {v}): {m}", "f'{{{n}:{{{m}}}}}'",
    "assert {v}, {n}", "({n}, [{m}]) = {v}",
)  # fmt: skip
_VALUES = (
    "(\nlambda {n}, *{m}: {v})", "(\nlambda {n}={w}: {v})", "{n}(*{v}, k={w})", "({n} if {v} else {w})",
    "(\n[{v} for {n} in {w}])", "(\n[{v} for {n} in {w} if {m} for {m} in {n}])",
    "(\n{{{n}: {v} for {n}, {m} in {w}}})",
    "(\n{{ {v} for {n} in {w} }})", "any(\n({v} for {n} in {w}))", "(\n[({n} := {v}) for {m} in {w}])",
)  # fmt: skip


def kind(table: symtable.SymbolTable) -> str:
    return str(table.get_type()).split(".")[-1].lower()


def scopes(module: Module) -> dict[int, s.Scope]:
    """Give the scopes by the line that they begin on."""
    nodes = [x for kind in (s.FunctionDef, s.ClassDef, s.Lambda, s.Comprehension) for x in module.nodes(kind)]
    return {0: module.root.namespace, **{module.where(node)[0]: node.namespace for node in nodes}}


def defining(path: list[symtable.SymbolTable], name: str) -> symtable.SymbolTable:
    """Find the function around that a free name belongs to."""
    for table in reversed(path[:-1]):
        if kind(table) == "function" and name in table.get_identifiers() and table.lookup(name).is_local():
            return table
    raise AssertionError(name)


def check(module: Module, path: list[symtable.SymbolTable], found: dict[int, s.Scope]) -> None:
    table = path[-1]
    scope = found[table.get_lineno() if len(path) > 1 else 0]
    assert set(scope.names) <= set(table.get_identifiers()) | {"int"}
    for name in set(NAMES) & set(table.get_identifiers()):
        symbol = table.lookup(name)
        if symbol.is_free():
            expected: s.Scope | None = found[defining(path, name).get_lineno()]
        elif symbol.is_global() or scope is module.root.namespace:
            expected = module.root.namespace if name in module.root.namespace.bound else None
        else:
            expected = scope if symbol.is_local() else None
        assert scope.resolve(name) is expected, (name, table)
    for child in (x for x in table.get_children() if kind(x) in ("function", "class")):  # no tables of annotations
        check(module, [*path, child], found)


@pytest.mark.parametrize("comprehensions", [False, True])
def test_names_resolve_as_in_the_symbol_table(comprehensions: bool) -> None:
    if comprehensions and sys.version_info >= (3, 12):
        pytest.skip("the symbol table of this Python has its comprehensions folded into the functions around")

    @steadily(400)
    @given(st.integers(0, 1 << 32))
    def compare(seed: int) -> None:
        text = "\n".join(Programs(Random(seed), comprehensions).block("", 0, "module")) + "\n"
        table = accepted(text)
        module = Module(make_source("a.py", text))
        assert {name for name in NAMES if is_bound(table, name)} <= module.root.namespace.bound
        check(module, [table], scopes(module))

    compare()


def accepted(text: str) -> symtable.SymbolTable:
    """Give Python's symbol table of a program; others are no examples."""
    try:
        return symtable.symtable(text, "a.py", "exec")
    except SyntaxError:
        assume(False)
        raise


def is_bound(table: symtable.SymbolTable, name: str) -> bool:
    return name in table.get_identifiers() and table.lookup(name).is_local()


@steadily(200)
@given(st.integers(0, 1 << 32))
def test_a_node_sees_the_scope_that_lists_its_name(seed: int) -> None:
    text = "\n".join(Programs(Random(seed), True).block("", 0, "module")) + "\n"
    accepted(text)
    module = Module(make_source("a.py", text))
    found = scopes(module)
    for scope in found.values():
        for name, nodes in scope.names.items():
            assert all(node.scope.resolve(name) is scope.resolve(name) for node in nodes)
    assert sum(len(nodes) for scope in found.values() for nodes in scope.names.values()) == len(module.nodes(s.Name))


def scope_of(text: str, marker: str) -> str:
    """Tell which scope binds the last name of a text that is called so."""
    module = Module(make_source("a.py", text))
    name = [x for x in module.nodes(s.Name) if x.id == marker][-1]
    scope = name.scope.resolve(marker)
    if scope is None:
        return "nothing"
    return f"{scope.kind} {getattr(scope.node, 'name', '')}".strip()


RESOLVED = [
    ("a global is seen through", "def f():\n x = 1\n def g():\n  global x\n  def h(): return x\n", "module"),
    ("a class does not show its names to its methods", "class A:\n x = 1\n def f(self): return x\n", "nothing"),
    ("a class shows its names to itself", "class A:\n x = 1\n y = x\n", "class A"),
    ("a class shows its names to the first iterable", "class A:\n x = 1\n y = [z for z in x]\n", "class A"),
    ("but not to the rest of a comprehension", "class A:\n x = 1\n y = [x for z in w]\n", "nothing"),
    ("a walrus binds around comprehensions", "def f():\n [[x := 1 for y in z] for z in w]\n return x\n", "function f"),
    ("a default sees the scope around", "def f(y=lambda: x, x=1): pass\n", "nothing"),
    ("an annotation sees the scope around", "x = 1\ndef f(x: x): pass\n", "module"),
    ("nonlocal goes past the next function", "def f():\n x = 1\n def g():\n  nonlocal x\n  x = 2\n", "function f"),
    ("deleting binds", "x = 1\ndef f():\n del x\n", "function f"),
    ("a pattern binds", "def f(y):\n match y:\n  case [1, *x]: return x\n", "function f"),
    ("a star import binds nothing", "from y import *\nx\n", "nothing"),
    ("a type parameter is seen by annotations", "def f[x](y: x): pass\n", "generic f"),
    ("a type parameter is seen by the result", "def f[x]() -> x: pass\n", "generic f"),
    ("a type parameter is seen by the body", "def f[x](): return x\n", "generic f"),
    ("a type parameter is not seen by defaults", "def f[x](y=x): pass\n", "nothing"),
    ("a type parameter is not seen by decorators", "@x\ndef f[x](): pass\n", "nothing"),
    ("a type parameter is seen by its own bound", "def f[x, y: x](): pass\n", "generic f"),
    ("a type parameter is seen by its own default", "def f[x, y = x](): pass\n", "generic f"),
    ("a type parameter is seen by bases", "class A[x](B[x]): pass\n", "generic A"),
    ("a type parameter is seen by methods", "class A[x]:\n def f(self): return x\n", "generic A"),
    ("a type parameter is not seen by a class's decorators", "@x\nclass A[x]: pass\n", "nothing"),
    ("a type parameter is seen by the alias", "type A[x] = list[x]\n", "generic"),
    ("a type parameter is seen by its bound in an alias", "type A[x, *y, **z] = [x, y, z]\n", "generic"),
    ("type parameters see the class around", "class A:\n x = 1\n def f[y](self, z: x): pass\n", "class A"),
    ("type parameters in a method do not", "class A:\n x = 1\n def f(self):\n  def g[y](z: x): pass\n", "nothing"),
    ("an alias binds its name", "def f():\n type x = int\n return x\n", "function f"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "scope"), [pytest.param(*rest, id=name) for name, *rest in RESOLVED])
def test_a_name_belongs_to(text: str, scope: str) -> None:
    assert scope_of(text, "x") == scope


def test_a_scope_knows_whether_others_may_outlive_it() -> None:
    module = Module(make_source("a.py", "def f():\n [x for x in y]\ndef g():\n lambda: 1\n"))
    assert [x.namespace.holds_scopes for x in module.nodes(s.FunctionDef)] == [False, True]
