"""Random modules in all the layouts that people, and code generators, come up with."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings

QUIET = ("q{}", "q{}.a", "not q{}", "(q{})", "(not q{})", "q{} == 1", "is_it(q{})", 'q{}["k"]', "(q{} and\n  q{})")
LOUD = ("loud(q{})", "(w := q{})", "queue.get()")


def steadily(examples: int) -> Callable[[Any], Any]:
    """Run a property on the same examples each time, however slow the machine is."""
    return settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )


class Generator:
    """Writes one module; names, statements and comments are numbered, so that each can be found again."""

    def __init__(self, random: Random, size: int = 4) -> None:
        self.random = random
        self.size = size
        self.count = 0
        self.unit = random.choice(["    ", "    ", "  ", "\t", "   "])
        self.newline = random.choice(["\n", "\n", "\r\n", "mixed", "\r"])

    def module(self) -> str:
        """Write a module."""
        lines = self.block("", 0)
        if self.chance(0.15):
            lines = ["#!/usr/bin/env python", *lines]
        text = "".join(line + self.line_end() for line in "\n".join(lines).split("\n"))
        return text.rstrip("\r\n \t") if self.chance(0.2) else text

    def line_end(self) -> str:
        return self.random.choice(["\n", "\r\n"]) if self.newline == "mixed" else self.newline

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def number(self) -> int:
        self.count += 1
        return self.count

    def comment(self) -> str:
        if self.chance(0.15):
            return self.random.choice(["# noqa", "# type: ignore", "# pragma: no cover"])
        return f"# c{self.number()}"

    def tail(self) -> str:
        """Write what may stand behind a statement or a colon."""
        return f"  {self.comment()}" if self.chance(0.25) else " " if self.chance(0.05) else ""

    # ------------------------------------------------------------ blocks

    def block(self, indent: str, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.randint(1, max(1, self.size - depth))):
            lines += self.gap(indent)
            lines += self.statement(indent, depth)
        return [*lines, *self.gap(indent)] if self.chance(0.2) else lines

    def gap(self, indent: str) -> list[str]:
        """Write blank lines and comments, not all of them where they belong."""
        lines: list[str] = []
        if self.chance(0.4):
            lines += [self.random.choice(["", "", "", indent, "   ", "\f"])] * self.random.randint(1, 3)
        if self.chance(0.25):
            where = self.random.choice([indent, indent, indent, "", indent + self.unit, indent[:-1]])
            lines += [f"{where}{self.comment()}" for _ in range(self.random.randint(1, 2))]
            if self.chance(0.3):
                lines += [""] * self.random.randint(1, 2)
        return lines

    def statement(self, indent: str, depth: int) -> list[str]:
        kinds = [*[self.if_] * 3, *[self.with_] * 2, self.loop, self.try_, self.def_, self.class_, self.match]
        is_compound = depth < 3 and self.chance(0.5)
        first, *rest = self.random.choice(kinds)(indent, depth) if is_compound else self.row(indent)
        return ["\f" + first if self.chance(0.02) else first, *rest]

    # ------------------------------------------------------------ small statements

    def row(self, indent: str) -> list[str]:
        if self.chance(0.25):
            return [indent + self.suite()]
        return [indent + self.small() + self.tail()]

    def suite(self) -> str:
        """Write statements that share a line."""
        joint = self.random.choice(["; ", ";", " ; ", "; \\\n  "])
        text = joint.join(self.small() for _ in range(self.random.randint(1, 3)))
        return text + self.random.choice(["", "", "", ";"]) + self.tail()

    def small(self) -> str:
        number = self.number()
        return self.random.choice(_SMALL).format(s=f"s{number}", n=f"n{number}", c=f"# c{number}.5")

    # ------------------------------------------------------------ compound statements

    def headed(self, header: str, indent: str, depth: int, docstring: bool = False) -> list[str]:
        """Write a header with its block, below it or behind it."""
        if self.chance(0.2):
            return [indent + header + ":" + self.random.choice([" ", "", "  ", " \\\n "]) + self.suite()]
        inner = indent + self.unit
        doc = [f'{inner}"""Doc\n{inner}  more\n{inner}"""'] if docstring and self.chance(0.5) else []
        return [f"{indent}{header}:{self.tail()}", *doc, *self.block(inner, depth + 1)]

    def arm(self, header: str, indent: str, depth: int) -> list[str]:
        above = [f"{indent}{self.comment()}"] if self.chance(0.15) else [""] if self.chance(0.1) else []
        return [*above, *self.headed(header, indent, depth)]

    def test(self) -> str:
        forms = LOUD if self.chance(0.15) else QUIET
        number = self.number()
        return self.random.choice(forms).format(number, number)

    def if_(self, indent: str, depth: int) -> list[str]:
        test = self.test()
        lines = self.headed(f"if{test}" if test[0] == "(" and self.chance(0.3) else f"if {test}", indent, depth)
        while self.chance(0.35):
            lines += self.arm(f"elif {self.test()}", indent, depth)
        return lines + self.arm("else", indent, depth) if self.chance(0.45) else lines

    def with_(self, indent: str, depth: int) -> list[str]:
        number = self.number()
        forms = ["with w{0}", "with w{0}() as n{0}", "with (w{0} as v,  # c{0}.5\n  n{0})", "with w{0}, \\\n n{0}"]
        return self.headed(self.random.choice(forms).format(number), indent, depth)

    def loop(self, indent: str, depth: int) -> list[str]:
        header = self.random.choice(["for i in n{}", "while n{}", "for a, b in [\n n{},\n  ]"]).format(self.number())
        lines = self.headed(header, indent, depth)
        return lines + self.arm("else", indent, depth) if self.chance(0.3) else lines

    def try_(self, indent: str, depth: int) -> list[str]:
        lines = self.headed("try", indent, depth)
        if self.chance(0.3):
            return lines + self.arm("finally", indent, depth)
        for _ in range(self.random.randint(1, 2)):
            lines += self.arm(f"except E{self.number()} as e", indent, depth)
        if self.chance(0.4):
            lines += self.arm("else", indent, depth)
        return lines + self.arm("finally", indent, depth) if self.chance(0.3) else lines

    def def_(self, indent: str, depth: int) -> list[str]:
        decorators = [f"{indent}@d{self.number()}{self.tail()}" for _ in range(self.random.choice([0, 0, 1, 2]))]
        number = self.number()
        header = self.random.choice(
            ["def f{0}(a, n{0}=n{0})", "async def f{0}()", "def f{0}(\n a,  # c{0}.5\n)"]
        ).format(number)
        return [*decorators, *self.headed(header, indent, depth, docstring=True)]

    def class_(self, indent: str, depth: int) -> list[str]:
        decorators = [f"{indent}@d{self.number()}"] if self.chance(0.2) else []
        return [*decorators, *self.headed(f"class C{self.number()}", indent, depth, docstring=True)]

    def match(self, indent: str, depth: int) -> list[str]:
        lines = [f"{indent}match n{self.number()}:{self.tail()}"]
        for _ in range(self.random.randint(1, 2)):
            lines += self.gap(indent + self.unit) if self.chance(0.3) else []
            lines += self.headed(f"case {self.number()}", indent + self.unit, depth + 1)
        return lines


_SMALL = (
    "{s}({n})",
    "{s}({n})",
    "{s} = {n}",
    "{s}({n},  {c}\n {n},\n        3)",
    "{s} = ({n}\n  )",
    "{s} = {n} + \\\n  1",
    '{s} = """text\n  {s}\n"""',
    '{s}("""text\n\n{s} # no comment""",\n   {n})',
    '{s} = f"""{{{n}}}\n    more {{{n}}}\n"""',
    "{s} = 'a\\\n  b'",
    "{s} = [  {c}\n]",
    '{s} = "é" "ü"',
    "import {s}",
    "del {s}",
    "pass",
    "lambda: {n}",
)
