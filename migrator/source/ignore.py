"""Comments that switch rules off: ``# migrate: ignore[MIG103]`` on a line, ``# migrate: skip-file``."""

from __future__ import annotations

import re

from migrator.source.module import Module
from migrator.source.syntax import Node

_IGNORE = re.compile(r"#\s*migrate:\s*ignore(?:\[([\w\s,]*)\])?")
_SKIP = re.compile(r"#\s*migrate:\s*skip-file\b")


class Ignores:
    """What a module's comments ask for."""

    def __init__(self, module: Module) -> None:
        self.whole = False
        self.lines: dict[int, tuple[str, ...]] = {}
        if "migrate:" not in module.source.text:
            return
        for start, end in module.tokens.comments:
            text = module.source.text[start:end]
            if _SKIP.match(text):
                self.whole = True
            found = _IGNORE.search(text)
            if found:
                codes = tuple(word for word in re.split(r"[\s,]+", found.group(1) or "MIG") if word)
                self.lines[module.source.where(start)[0]] = codes

    def covers(self, code: str, module: Module, node: Node) -> bool:
        """Whether a rule is not wanted at a node."""
        if not self.lines:
            return False
        span = module.span(node)
        first, last = module.source.where(span.start)[0], module.source.where(max(span.start, span.end - 1))[0]
        return any(code.startswith(self.lines.get(line, ())) for line in range(first, last + 1))
