"""One more parameter of a function, and one more argument of a call, as text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from migrator.plan.accelerator_site import Unreachable
from migrator.source import syntax as s
from migrator.source.block import Replace
from migrator.source.module import Module
from migrator.source.span import Span

_NAME = re.compile(r"(?:async[\s\\]+)?def[\s\\]+\w+")


def new_parameter(module: Module, scope: s.FunctionDef, name: str) -> tuple[Replace, bool]:
    """Add a parameter last; whether callers may pass it by position."""
    plain = [p for p in scope.params if p.kind in ("position", "either")]
    tail = [p for p in scope.params if p.kind not in ("position", "either")]
    rest = next((p for p in tail if p.kind == "**"), None)
    named = [p for p in tail if p.kind != "**"]
    by_position = not tail and not any(p.default is not None for p in plain)
    text = name if by_position or named or _bare_star(scope) else f"*, {name}"
    before = named[-1] if named else plain[-1] if plain else None
    if before is None and rest is None:
        start = _open_parenthesis(module, scope)
    elif before is None:
        assert rest is not None
        start, text = module.span(rest).start, f"{text}, "
    else:
        last = before.default or before.annotation
        start = module.outer(last).end if last is not None else module.span(before).end
        text = _separator(module, plain + named) + text
    return Replace(Span(start, start), text, 9), by_position


def new_argument(module: Module, call: s.Call, name: str, expression: str, by_position: bool) -> Replace:
    """Add an argument last, by name where it cannot be counted.

    Raises:  Unreachable
    """
    named = any(arg.keyword or arg.star for arg in call.args)
    text = expression if by_position and not named else f"{name}={expression}"
    if not call.args:
        start = module.span(call).end - 1
    else:
        last = call.args[-1].value
        if isinstance(last, s.Comprehension) and len(call.args) == 1 and module.outer(last) == module.span(last):
            raise Unreachable(call, "the call's only argument is a bare generator expression")
        start, text = module.outer(last).end, _separator(module, call.args) + text
    return Replace(Span(start, start), text, 9)


def _bare_star(scope: s.FunctionDef) -> bool:
    return any(p.kind == "keyword" for p in scope.params) and not any(p.kind == "*" for p in scope.params)


def _open_parenthesis(module: Module, scope: s.FunctionDef) -> int:
    found = _NAME.match(module.source.text, module.span(scope).start)
    assert found is not None
    return module.source.text.index("(", found.end()) + 1


def _separator(module: Module, items: Sequence[s.Node]) -> str:
    """The text between the last two of several items, so that a new one is laid out like them."""
    if len(items) < 2:
        return ", "
    text = module.source.text[module.span(items[-2]).end : module.span(items[-1]).start]
    return text if text.strip() == "," else ", "
