"""The same program in other files: a script is split over several, and the files of a program are put into one."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

from tests.programs.oracle.program import SCRIPT, Program

Definition = ast.FunctionDef | ast.ClassDef
_IMPORTS = (ast.Import, ast.ImportFrom)


class Unfit(Exception):
    """Why a program cannot be put into other files."""


# ---------------------------------------------------------------- names


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement of a module binds there."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, _IMPORTS):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    inner = (node for node in ast.walk(statement) if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)))
    return {node.id for node in inner if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _globals(table: symtable.SymbolTable) -> set[str]:
    """The names that a scope and those in it take from the module."""
    found = {x.get_name() for x in table.get_symbols() if x.is_global() or x.is_declared_global()}
    return found.union(*map(_globals, table.get_children()))


def _reads(source: str, definition: Definition) -> set[str]:
    """The names of the module that a definition needs: in its body, and in what is evaluated with it."""
    module = symtable.symtable(source, "module", "exec")
    tables = [x for x in module.get_children() if x.get_name() == definition.name]
    found = set[str]().union(*map(_globals, tables))
    body = {id(node) for statement in definition.body for node in ast.walk(statement)}
    around = (node for node in ast.walk(definition) if id(node) not in body)
    return found | {node.id for node in around if isinstance(node, ast.Name)}


def _lines(source: str, statement: ast.stmt) -> range:
    """The lines of a statement, counted from 0, with its decorators and the comments right above it."""
    first = min([statement.lineno, *(x.lineno for x in getattr(statement, "decorator_list", ()))]) - 1
    lines = source.splitlines()
    while first and lines[first - 1].startswith("#"):
        first -= 1
    assert statement.end_lineno is not None
    return range(first, statement.end_lineno)


def _text(source: str, statement: ast.stmt) -> str:
    lines = source.splitlines()
    return "\n".join(lines[number] for number in _lines(source, statement))


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


# ---------------------------------------------------------------- one file becomes several


def _home(definition: Definition) -> str:
    """The file in which a person would put a definition."""
    names = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(definition) if isinstance(node, ast.Attribute)}
    methods = {node.name for node in definition.body if isinstance(node, ast.FunctionDef)}
    if isinstance(definition, ast.ClassDef) and "forward" in methods:
        return "model"
    if "__getitem__" in methods or "__iter__" in methods or (names & {"DataLoader", "TensorDataset"} and not methods):
        return "data"
    return "engine"


def _movable(source: str, tree: ast.Module) -> dict[str, Definition]:
    """The definitions that need nothing of the module but its imports and one another."""
    imported = {name for x in tree.body if isinstance(x, _IMPORTS) for name in _bound(x)}
    found = {x.name: x for x in tree.body if isinstance(x, (ast.FunctionDef, ast.ClassDef)) and x.name != "main"}
    needs = {name: _reads(source, x) - imported - set(dir(builtins)) for name, x in found.items()}
    while True:
        stuck = [name for name in found if not needs[name] <= {*found, "__name__"}]
        if not stuck:
            return found
        for name in stuck:
            del found[name]


def _files(source: str, movable: dict[str, Definition]) -> dict[str, list[str]]:
    """Sort definitions into files that do not import one another in a circle."""
    homes = {name: _home(definition) for name, definition in movable.items()}
    needs: dict[str, set[str]] = {home: set() for home in homes.values()}
    for name, definition in movable.items():
        needs[homes[name]] |= {homes[other] for other in _reads(source, definition) & set(homes)} - {homes[name]}
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError:
        return {"parts": list(movable)}
    return {home: [name for name in movable if homes[name] == home] for home in order}


def _imports(source: str, tree: ast.Module, names: set[str]) -> Iterator[str]:
    """The module's own imports, as far as they bind some of the names."""
    for statement in tree.body:
        if isinstance(statement, _IMPORTS) and (_bound(statement) & names or _is_future(statement)):
            yield _text(source, statement)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def split(program: Program) -> Program:
    """Move models, data and functions out of a script, into files of their own.

    Raises:  Unfit where nothing can be moved.
    """
    source = program.text
    tree = ast.parse(source)
    movable = _movable(source, tree)
    if not movable:
        defined = any(isinstance(x, (ast.FunctionDef, ast.ClassDef)) and x.name != "main" for x in tree.body)
        raise Unfit("what it defines needs variables of the module" if defined else "it defines nothing but main")
    files = _files(source, movable)
    texts: dict[str, str] = {}
    for home, names in files.items():
        needed = set[str]().union(*(_reads(source, movable[name]) for name in names))
        local = [_from(other, needed & set(files[other])) for other in texts if needed & set(files[other])]
        head = "\n".join([*_imports(source, tree, needed), *local])
        texts[home] = (
            "\n\n\n".join([*([head] if head else []), *(_text(source, movable[name]) for name in names)]) + "\n"
        )
    texts = {f"{home}.py": text for home, text in texts.items()}
    return Program.of({**texts, SCRIPT: _rest(source, tree, files, movable)})


def _from(module: str, names: Iterable[str]) -> str:
    return f"from {module} import {', '.join(sorted(names))}"


def _rest(source: str, tree: ast.Module, files: dict[str, list[str]], movable: dict[str, Definition]) -> str:
    """What is left of the script, with what was moved imported below its other imports."""
    gone = {number for definition in movable.values() for number in _lines(source, definition)}
    kept = [x for x in tree.body if x not in movable.values()]
    tops = [symtable.symtable(_text(source, x), "kept", "exec") for x in kept if not _is_docstring(x)]
    read = set[str]().union(*({x.get_name() for x in top.get_symbols()} | _globals(top) for top in tops))
    imports = [_from(home, set(names) & read) for home, names in files.items() if set(names) & read]
    last = max((_lines(source, x).stop for x in tree.body if isinstance(x, _IMPORTS)), default=0)
    lines = source.splitlines()
    body = [lines[n] for n in range(last, len(lines)) if n not in gone]
    return "\n".join([*lines[:last], *imports, *body]) + "\n"


# ---------------------------------------------------------------- several files become one


def _module(program: dict[str, str], importer: str, statement: ast.ImportFrom) -> str | None:
    """The file of the program that an import takes names from; None where it takes them from elsewhere."""
    folder = PurePosixPath(importer).parent
    for _ in range(statement.level - 1):
        folder = folder.parent
    base = folder if statement.level else PurePosixPath()
    stem = base.joinpath(*(statement.module or "").split("."))
    return next((str(x) for x in (stem.with_suffix(".py"), stem / "__init__.py") if str(x) in program), None)


def _order(program: dict[str, str], entry: str) -> list[str]:
    """The files that a program runs, in the order in which they are executed."""
    done: list[str] = []
    seen = {entry}

    def run(name: str) -> None:
        for statement in ast.parse(program[name]).body:
            if isinstance(statement, ast.Import) and any(f"{x.name}.py" in program for x in statement.names):
                raise Unfit("a module of its own is used by its name")
            inner = _module(program, name, statement) if isinstance(statement, ast.ImportFrom) else None
            if inner is not None and inner not in seen:
                seen.add(inner)
                run(inner)
        done.append(name)

    run(entry)
    return done


def reached(program: Program, entry: str) -> Program:
    """Leave out the files that a program does not run, and those beside it that run some of its own."""
    files = dict(program.files)
    return Program.of({name: files[name] for name in _order(files, entry)})


def merge(program: Program, entry: str) -> Program:
    """Put what a program runs into one script: the imports first, then what each file does, in order.

    Raises:  Unfit where the files mean different things by one name, or a module is used as a thing.
    """
    files = dict(program.files)
    imports: dict[str, None] = {}
    bodies: list[str] = []
    owners: dict[str, str] = {}
    for name in _order(files, entry):
        source = files[name]
        for statement in ast.parse(source).body:
            if isinstance(statement, ast.ImportFrom) and _module(files, name, statement) is not None:
                if any(alias.asname for alias in statement.names):
                    raise Unfit("a name of another file has an alias")
            elif isinstance(statement, _IMPORTS):
                imports[_text(source, statement)] = None
            elif not _is_docstring(statement):
                for bound in _bound(statement):
                    if owners.setdefault(bound, name) != name:
                        raise Unfit(f"two files have a `{bound}`")
                bodies.append(_text(source, statement))
    return Program.single("\n".join(imports) + "\n\n\n" + "\n\n".join(bodies) + "\n")
