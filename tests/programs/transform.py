"""Other ways to write the same script: other names, other imports, wrapped in a function or in a class."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

import libcst as cst


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A script written in another way; ``lines`` leads from its lines back to the original's, counted from 1."""

    text: str
    lines: dict[int, int]


@dataclass(frozen=True, slots=True)
class Transformation:
    """A way to rewrite; ``fits`` says which scripts can be rewritten so."""

    name: str
    rewrite: Callable[[str], Rewritten]
    fits: Callable[[str], bool] = lambda text: True


def _same_lines(text: str) -> Rewritten:
    return Rewritten(text, {number: number for number in range(1, text.count("\n") + 2)})


# ---------------------------------------------------------------- names


class _Renamer(cst.CSTTransformer):
    """Renames plain names, and neither attributes nor keywords nor what import statements name."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        return cst.parse_expression(self._names.get(original_node.value, original_node.value))


def _rename(text: str, names: dict[str, str]) -> str:
    return cst.parse_module(text).visit(_Renamer(names)).code


def _imported(tree: ast.Module) -> dict[str, ast.alias]:
    aliases = [a for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names]
    return {alias.asname or alias.name.partition(".")[0]: alias for alias in aliases}


def _variables(text: str) -> list[str]:
    """List the names that are assigned or are parameters, and are nothing else anywhere in the script."""
    tree = ast.parse(text)
    stored = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    stored += [n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)]
    other = set(_imported(tree)) | {"self", "cls"}
    other |= {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    other |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg}
    other |= {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}  # `model(**{"labels": ...})`
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            other |= {n.id for s in node.body for n in ast.walk(s) if isinstance(n, ast.Name) and s in _fields(node)}
    return [name for name in dict.fromkeys(stored) if name not in other]


def _fields(node: ast.ClassDef) -> list[ast.stmt]:
    return [statement for statement in node.body if isinstance(statement, (ast.Assign, ast.AnnAssign))]


def rename_variables(text: str) -> Rewritten:
    """Give every variable a name that says nothing."""
    return _same_lines(_rename(text, {name: f"v{number}" for number, name in enumerate(_variables(text))}))


# ---------------------------------------------------------------- imports


class _Aliaser(cst.CSTTransformer):
    """Gives every imported name an alias, whichever form of import it comes from."""

    def __init__(self, aliases: dict[str, str]) -> None:
        self._aliases = aliases

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return not (isinstance(node.module, cst.Name) and node.module.value == "__future__")

    def leave_ImportAlias(self, original_node: cst.ImportAlias, updated_node: cst.ImportAlias) -> cst.ImportAlias:
        if original_node.asname is None and isinstance(original_node.name, cst.Attribute):
            return original_node  # `import torch.utils.data` binds `torch`, which another import binds as well
        name = original_node.evaluated_alias or original_node.evaluated_name
        alias = cst.AsName(cst.Name(self._aliases[name]), cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
        return updated_node.with_changes(name=original_node.name, asname=alias)


def alias_imports(text: str) -> Rewritten:
    """Import everything under another name."""
    tree = ast.parse(text)
    aliases = {name: f"m{number}" for number, name in enumerate(_imported(tree))}
    module = cst.parse_module(_rename(text, aliases))
    return _same_lines(module.visit(_Aliaser(aliases)).code)


# ---------------------------------------------------------------- wrappers

_HEAD = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)


def is_flat(text: str) -> bool:
    """Whether a script trains at module level, and no function assigns to a name of the module."""
    tree = ast.parse(text)
    loops = any(isinstance(statement, (ast.For, ast.While)) for statement in tree.body)
    return loops and not any(isinstance(node, ast.Global) for node in ast.walk(tree))


def _split(text: str) -> int:
    """Give the number of lines that stay outside: imports, and what is defined before anything is done."""
    first = next(s for s in ast.parse(text).body if not isinstance(s, _HEAD) and not _is_docstring(s))
    return first.lineno - 1


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _wrap(text: str, before: list[str], depth: int, after: list[str]) -> Rewritten:
    lines = text.splitlines()
    head = _split(text)
    body = ["    " * depth + line if line else "" for line in lines[head:]]
    rewritten = [*lines[:head], *before, *body, *after]
    numbers = {number: number for number in range(1, head + 1)}
    numbers |= {number + len(before): number for number in range(head + 1, len(lines) + 1)}
    return Rewritten("\n".join(rewritten) + "\n", numbers)


def wrap_in_function(text: str) -> Rewritten:
    """Do everything in a function."""
    return _wrap(text, ["def run():"], 1, ["", "", "run()"])


def wrap_in_main(text: str) -> Rewritten:
    """Do everything in ``main``, behind the usual guard."""
    return _wrap(text, ["def main():"], 1, ["", "", 'if __name__ == "__main__":', "    main()"])


def wrap_in_class(text: str) -> Rewritten:
    """Do everything in a method."""
    return _wrap(text, ["class Experiment:", "    def run(self):"], 2, ["", "", "Experiment().run()"])


def keep_on_self(text: str) -> Rewritten:
    """Build in a constructor and train in a method; what is shared are attributes."""
    tree = ast.parse(text)
    head = _split(text)
    loop = next(statement for statement in tree.body if isinstance(statement, (ast.For, ast.While)))
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    lines = _rename(text, {name: f"self.{name}" for name in stored}).splitlines()
    build, train = lines[head : loop.lineno - 1], lines[loop.lineno - 1 :]

    def indented(body: list[str]) -> list[str]:
        return [f"        {line}" if line else "" for line in body]

    before = ["class Experiment:", "    def __init__(self):"]
    rewritten = [*lines[:head], *before, *indented(build), "    def train(self):", *indented(train)]
    numbers = {number: number for number in range(1, head + 1)}
    numbers |= {number + 2: number for number in range(head + 1, loop.lineno)}
    numbers |= {number + 3: number for number in range(loop.lineno, len(lines) + 1)}
    return Rewritten("\n".join([*rewritten, "", "", "Experiment().train()"]) + "\n", numbers)


def has_no_functions(text: str) -> bool:
    """Whether a flat script defines nothing: neither functions, nor variables of their own in comprehensions."""
    scopes = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.SetComp)
    return is_flat(text) and not any(isinstance(node, scopes) for node in ast.walk(ast.parse(text)))


TRANSFORMATIONS = (
    Transformation("every variable is renamed", rename_variables),
    Transformation("every import has an alias", alias_imports),
    Transformation("in a function", wrap_in_function, is_flat),
    Transformation("in main", wrap_in_main, is_flat),
    Transformation("in a method", wrap_in_class, is_flat),
    Transformation("on self", keep_on_self, has_no_functions),
)
