"""Where the import of Accelerator goes: below the imports at the head of a module."""

from __future__ import annotations

from migrator.source import syntax as s
from migrator.source.block import Insert
from migrator.source.module import Module


def import_operation(module: Module, target: str, block: s.Block, index: int) -> Insert:
    """Import `Accelerator` below the imports at the head of a module, and above where it is made, if that is there."""
    line = f"from {target} import Accelerator"
    top = module.root.body
    place = _import_index(top)
    if block is top:
        place = min(place, index)
    if place == 0 or not isinstance(top.statements[place - 1], (s.Import, s.ImportFrom)):
        following = top.statements[place] if place < len(top.statements) else None
        lines = (line, "") if following is not None else (line,)
        return Insert(top, place, lines, tight=place == 0, rank=-9)
    return Insert(top, place, (line,), rank=-9)


def _import_index(block: s.Block) -> int:
    """The index after the docstring and the last of the imports that follow it."""
    index = 0
    statements = block.statements
    if statements and isinstance(statements[0], s.Evaluate) and isinstance(statements[0].value, s.Literal):
        index = 1
    last = index
    for at in range(index, len(statements)):
        if _imports(statements[at]):
            last = at + 1
        elif not _stands_between(statements[at]):
            break
    return last


def _imports(statement: s.Statement) -> bool:
    """Whether a statement imports and does nothing else; a `try` around imports may say what else to do."""
    if isinstance(statement, (s.Try, s.If)):
        return all(map(_imports, statement.body.statements))
    return isinstance(statement, (s.Import, s.ImportFrom))


def _stands_between(statement: s.Statement) -> bool:
    """Whether a statement may stand among imports: `__author__ = ...`, `os.environ[...] = ...`, `warnings.filterwarnings()`."""
    if isinstance(statement, s.Assign):
        return all(map(_is_setting, statement.targets))
    call = statement.value if isinstance(statement, s.Evaluate) else None
    return isinstance(call, s.Call) and isinstance(call.func, s.Attribute)


def _is_setting(target: s.Expression) -> bool:
    if isinstance(target, s.Subscript):
        return isinstance(target.value, s.Attribute) and target.value.name == "environ"
    return isinstance(target, s.Name) and target.id.startswith("__") and target.id.endswith("__")
