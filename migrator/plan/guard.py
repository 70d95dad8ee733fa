"""Checks of the new text: a result that fails one of them is not written."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Sequence

from migrator.errors import Distrusted, FileProblem
from migrator.source import syntax as s
from migrator.source.depth import heavy_work
from migrator.source.edit import Edit
from migrator.source.module import Module
from migrator.source.text import Source, make_source

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
    """Check a result; that a second run would not change it is checked by program.py.

    Returns: the result, parsed.
    Raises:  Distrusted
    """
    path = before.source.path
    source = make_source(path, text, before.source.encoding, before.source.bom)
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
    except FileProblem as problem:
        raise Distrusted(
            source.path, f"INTERNAL ERROR: the result does not parse ({problem.message}); please report this file"
        ) from problem
    if not after.is_native and not _compiles(source.text) and _compiles(before.source.text):
        raise Distrusted(source.path, "INTERNAL ERROR: the result does not compile; please report this file")
    return after


def read_back(before: Source, text: str) -> None:
    """Insist that libcst reads what is about to be written as we do, and gives it back byte for byte.

    To import it takes longer than all that went before, so it is asked only about what reaches the disk.

    Raises:  Distrusted
    """
    from migrator.source.concrete.reading import Concrete

    source = make_source(before.path, text, before.encoding, before.bom)
    try:
        module = Module(source)
        if not module.is_native:  # libcst has read it already
            module.span(module.root)  # to measure is to reproduce
            return
        with heavy_work(source):
            concrete = Concrete(source)
        concrete.inner(concrete.root)
    except FileProblem as problem:
        raise Distrusted(
            source.path, f"INTERNAL ERROR: libcst cannot read the result ({problem.message}); please report this file"
        ) from problem
    for kind, nodes in concrete.index.items():
        if list(map(_outline, module.nodes(kind))) != list(map(_outline, nodes)):
            raise Distrusted(
                source.path,
                f"INTERNAL ERROR: libcst finds another {kind.__name__} in the result than Python; please report this file",
            )


def _outline(node: s.Node) -> list[object]:
    """Tell a node from others of its type: by what it is a part of, and by the names, words and numbers that it holds."""
    # the head of an f-string may be empty where the string is put together from several
    held = (getattr(node, field, None) for field in type(node).__slots__ if field != "head")
    return [type(node.parent), *(x for x in held if isinstance(x, (str, bytes, int, float)))]


def _compiles(text: str) -> bool:
    """Whether the Python that runs this accepts a text; libcst accepts that of other versions, too."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
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
