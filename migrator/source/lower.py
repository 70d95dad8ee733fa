"""Turn libcst's concrete tree into the small tree of syntax.py, in one walk."""

from __future__ import annotations

from typing import Any

import libcst as cst

from migrator.source import syntax as s
from migrator.source.lower_compound import STATEMENTS
from migrator.source.lower_expression import EXPRESSIONS
from migrator.source.lowering import Lowering


def lower(tree: cst.Module) -> tuple[s.Root, dict[type, list[Any]]]:
    """Lower a module.

    Returns: the root, and every node of the small tree by its type, in source order.
    """
    low = Lowering(EXPRESSIONS, STATEMENTS)
    return low.run(tree), low.index
