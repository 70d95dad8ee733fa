"""Our own result, read again by Python's parser: the small tree as lower.py makes it, for a tenth of what libcst takes."""

from __future__ import annotations

import ast
from typing import Any

from migrator.source import syntax as s
from migrator.source.reread_expression import EXPRESSIONS
from migrator.source.reread_statement import STATEMENTS
from migrator.source.rereading import Rereading


def reread(tree: ast.Module) -> tuple[s.Root, dict[type, list[Any]]]:
    """Lower a module as Python parses it.

    Returns: the root, and every node of the small tree by its type, in source order.
    Raises:  Unread
    """
    low = Rereading(EXPRESSIONS, STATEMENTS)
    return low.run(tree), low.index
