"""Checks of the new text: a result that fails one of them is not written."""

from __future__ import annotations

import ast
import builtins
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

from migrator.errors import Distrusted, FileProblem
from migrator.source import syntax as s
from migrator.source.edit import Edit
from migrator.source.module import Module
from migrator.source.text import Source

_KNOWN = frozenset(dir(builtins)) | {
    "__file__",
    "__name__",
    "__doc__",
    "__spec__",
    "__package__",
    "__path__",
    "__class__",
    "WindowsError",
}


def check(before: Module, text: str, edits: Sequence[Edit]) -> Module:
    """Insist that a result is sound; that a second run leaves it alone is checked before it is written.

    Returns: the result, parsed.
    Raises:  Distrusted
    """
    path = before.source.path
    source = before.source.with_text(text)
    _check_bytes(before.source, text, edits)
    after = _parse(source, before)
    new = _undefined(after) - _undefined(before)
    if new:
        raise Distrusted(
            path, f"INTERNAL ERROR: the result would use undefined names {sorted(new)}; please report this file"
        )
    lost = _counted(before.comments()) - _counted(after.comments())
    if lost:
        raise Distrusted(
            path, f"INTERNAL ERROR: the result would lose the comment {min(lost)!r}; please report this file"
        )
    return after


def _check_bytes(before: Source, text: str, edits: Sequence[Edit]) -> None:
    """Check that the text outside the edits is unchanged."""
    at = new = 0
    for edit in sorted(edits, key=lambda x: (x.span.start, x.span.end > x.span.start, x.rank)):
        kept = before.text[at : edit.span.start]
        if text[new : new + len(kept)] != kept:
            line, column = before.where(at)
            raise Distrusted(
                before.path, "INTERNAL ERROR: text outside the edits changed; please report this file", line, column
            )
        new += len(kept) + len(edit.text)
        at = edit.span.end
    if text[new:] != before.text[at:]:
        raise Distrusted(before.path, "INTERNAL ERROR: text after the edits changed; please report this file")


def _parse(source: Source, before: Module) -> Module:
    try:
        after = Module(source)
        after.span(after.root)  # to measure is to print the tree again, byte for byte
    except FileProblem as problem:
        raise Distrusted(
            source.path, f"INTERNAL ERROR: the result does not parse ({problem.message}); please report this file"
        ) from problem
    if not _compiles(source.text) and _compiles(before.source.text):
        raise Distrusted(source.path, "INTERNAL ERROR: the result does not compile; please report this file")
    return after


def _compiles(text: str) -> bool:
    """Whether the Python that runs this accepts a text; libcst accepts that of other versions, too."""
    try:
        with warnings.catch_warnings():  # an invalid escape is the user's business, and not for our standard error
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _undefined(module: Module) -> set[str]:
    """Names that are read and assigned nowhere."""
    return {
        node.id
        for node in module.nodes(s.Name)
        if not node.store and node.id not in _KNOWN and node.scope.resolve(node.id) is None
    }


def _counted(found: Iterable[str]) -> Counter[str]:
    """Count the comments, but for those that tools read."""
    return Counter(text for text in found if not text.startswith(("# noqa", "# type:", "# pylint", "# fmt:")))
