"""Folders that a module adds to ``sys.path``, where they are written down: a literal, or a way from ``__file__``."""

from __future__ import annotations

import os
from collections.abc import Iterator

from migrator.source import syntax as s
from migrator.source.module import Module

_METHODS = frozenset({"append", "insert", "extend", "addsitedir"})
_SAME = frozenset(
    {"abspath", "realpath", "normpath", "str", "Path", "PurePath", "expanduser", "resolve", "absolute", "as_posix"}
)


def added_folders(module: Module) -> Iterator[str]:
    """Give the folders, as seen from the working directory; a relative one may be meant from there or from the file."""
    if "sys.path" not in module.source.text and "addsitedir" not in module.source.text:
        return
    for call in module.nodes(s.Call):
        if _adds(call):
            for node in (x for part in _parts(call) for x in _given(module, part)):
                text = _folder(module, node)
                if text:
                    yield text
                    if isinstance(node, s.Literal):
                        yield os.path.join(os.path.dirname(module.source.path), text)


def _adds(call: s.Call) -> bool:
    """Whether a call is ``sys.path.append(...)`` or one of its kin."""
    func = call.func
    if not isinstance(func, s.Attribute) or func.name not in _METHODS:
        return False
    owner = func.value
    on_path = isinstance(owner, s.Attribute) and owner.name == "path" and isinstance(owner.value, s.Name)
    return func.name == "addsitedir" or (on_path and owner.value.id == "sys")  # type: ignore[attr-defined]


def _parts(call: s.Call) -> list[s.Node | None]:
    node = call.args[-1].value if call.args else None
    return list(node.items) if isinstance(node, s.Collection) else [node]


def _given(module: Module, node: s.Node | None) -> Iterator[s.Node | None]:
    """Give what is added: where it is a parameter, as in `def add_path(path)`, what the module calls the function with."""
    function = node.scope.node if isinstance(node, s.Name) else None
    names = [param.name for param in function.params] if isinstance(function, s.FunctionDef) else []
    if not isinstance(node, s.Name) or not isinstance(function, s.FunctionDef) or node.id not in names:
        yield node
        return
    for call in module.nodes(s.Call):
        if isinstance(call.func, s.Name) and call.func.id == function.name:
            yield call.argument(names.index(node.id), node.id)


def _folder(module: Module, node: s.Node | None, depth: int = 12) -> str | None:
    """Work out a path; None where it is not written down."""
    if not depth:
        return None
    if isinstance(node, s.Literal):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, s.Name):
        return module.source.path if node.id == "__file__" else _variable(module, node, depth)
    if isinstance(node, s.Binary) and node.operator in ("Divide", "Add"):
        left, right = _folder(module, node.left, depth - 1), _folder(module, node.right, depth - 1)
        if left is None or right is None:
            return None
        return os.path.join(left, right) if node.operator == "Divide" else left + right
    if isinstance(node, s.Attribute):
        inner = _folder(module, node.value, depth - 1) if node.name == "parent" else None
        return _above(inner, 1) if inner is not None else None
    if isinstance(node, s.Subscript):
        return _ancestor(module, node, depth)
    return _called(module, node, depth) if isinstance(node, s.Call) else None


def _called(module: Module, node: s.Call, depth: int) -> str | None:
    """``os.path.join(os.path.dirname(__file__), "..")``, ``Path(__file__).resolve()``."""
    func = node.func
    name = func.name if isinstance(func, s.Attribute) else func.id if isinstance(func, s.Name) else ""
    if name in ("resolve", "absolute", "as_posix") and isinstance(func, s.Attribute):
        return _folder(module, func.value, depth - 1)
    if name == "getcwd":
        return os.curdir
    given = [_folder(module, arg.value, depth - 1) for arg in node.args if arg.keyword is None]
    known = [text for text in given if text is not None]
    if not known or len(known) != len(given):
        return None
    if name == "dirname":
        return _above(known[0], 1)
    return os.path.join(*known) if name == "join" or name in _SAME else None


def _ancestor(module: Module, node: s.Subscript, depth: int) -> str | None:
    """``Path(__file__).parents[1]``."""
    index = node.index[0] if len(node.index) == 1 else None
    if not isinstance(node.value, s.Attribute) or node.value.name != "parents" or not isinstance(index, s.Literal):
        return None
    inner = _folder(module, node.value.value, depth - 1)
    return _above(inner, index.value + 1) if inner is not None and isinstance(index.value, int) else None


def _variable(module: Module, node: s.Name, depth: int) -> str | None:
    """A variable that the module binds once."""
    bound = [x for x in module.root.namespace.names.get(node.id, ()) if x.store]
    statement = bound[0].statement if len(bound) == 1 else None
    return _folder(module, statement.value, depth - 1) if isinstance(statement, s.Assign) else None


def _above(path: str, steps: int) -> str:
    """The folder some steps above a file or a folder, which may lie above the working directory."""
    for _ in range(steps):
        path = os.path.normpath(path)
        name = os.path.basename(path)
        path = (
            os.path.join(path, os.pardir) if name in ("", os.curdir, os.pardir) else os.path.dirname(path) or os.curdir
        )
    return path
