"""Where an import of ours goes: below those at the head of a module."""

from __future__ import annotations

from migrator.source import syntax as s
from migrator.source.block import Insert
from migrator.source.module import Module


def import_operation(module: Module, target: str) -> Insert:
    """Import `Accelerator` below the imports at the head of a module."""
    line = f"from {target} import Accelerator"
    block = module.root.body
    index = _import_index(block)
    if index == 0 or not isinstance(block.statements[index - 1], (s.Import, s.ImportFrom)):
        following = block.statements[index] if index < len(block.statements) else None
        lines = (line, "") if following is not None else (line,)
        return Insert(block, index, lines, tight=index == 0, rank=-9)
    return Insert(block, index, (line,), rank=-9)


def _import_index(block: s.Block) -> int:
    """The index behind the docstring and the imports that follow it."""
    index = 0
    statements = block.statements
    if statements and isinstance(statements[0], s.Evaluate) and isinstance(statements[0].value, s.Literal):
        index = 1
    last = index
    while index < len(statements) and _belongs_to_imports(statements[index]):
        if isinstance(statements[index], (s.Import, s.ImportFrom)):
            last = index + 1
        index += 1
    return last


def _belongs_to_imports(statement: s.Statement) -> bool:
    return isinstance(statement, (s.Import, s.ImportFrom)) or (
        isinstance(statement, s.Evaluate)
        and isinstance(statement.value, s.Call)
        and isinstance(statement.value.func, s.Attribute)
        and statement.value.func.name in ("append", "insert")
    )
