"""The notation for what a variable is: `# role: model`, a comment in the line that binds it.

    model = build()  # role: model                        one kind, or several: `model | optimizer`, `unknown`, `nothing`
    x, y = batch  # role: x: batch; y: batch              the variable is named where a line binds several
    loss = f(model(x), y)  # role: tensor of model, x, y  what it was made from: a variable that holds that, or its kind
    x = x.to(device)  # role: batch on device             where it was moved to
    other = model  # role: model = model                  which object it is: a variable that holds it
    lr = 3  # role: constant `3`                          the label that `--roles` gives it
    model  # role: prepared model                         an expression on a line by itself is asked for its value
    x = f()  # role!: batch (calls of f are not followed)

`role!` says what is right and not found yet, with the reason; it fails as soon as it is found.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migrator.inference.explain import bindings
from migrator.inference.interpret import interpret
from migrator.inference.objects import Kind, Object, Value
from migrator.inference.program import Program
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.source.text import Source, make_source

_WORDS = {"unknown" if kind is Kind.ANY else kind.value: kind for kind in Kind}
_OBJECT = re.compile(
    rf"(?P<prepared>prepared )?(?P<kind>{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?: `(?P<label>[^`]+)`)?"
    r"(?: of (?P<of>[^=]+?))?(?: on (?P<place>device|cpu))?(?: = (?P<same>\S+))?$"
)


class Misspelt(Exception):
    """An expectation that says nothing."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a comment says of a variable in its line."""

    path: str
    line: int
    name: str
    roles: str
    reason: str = ""  # why it is not found yet

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.name}".rstrip()


def comments(text: str, word: str) -> Iterator[tuple[int, str]]:
    """Give the comments that begin with a word, without it: line and text."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and token.string.startswith(f"# {word}: "):
            yield token.start[0], token.string.removeprefix(f"# {word}: ").strip()


def expectations(path: str, text: str) -> list[Expectation]:
    """Read what a script says of its variables."""
    found = [
        Expectation(path, line, name, roles) for line, said in comments(text, "role") for name, roles in _split(said)
    ]
    for line, said in comments(text, "role!"):
        match = re.fullmatch(r"(.+?) \((.+)\)", said)
        if match is None:
            raise Misspelt(f"{path}:{line}: `role!` needs a reason in parentheses")
        found += [Expectation(path, line, name, roles, match[2]) for name, roles in _split(match[1])]
    return found


def _split(said: str) -> list[tuple[str, str]]:
    parts = [part.strip() for part in said.split(";")]
    return [(name, roles) if colon else ("", part) for part in parts for name, colon, roles in [part.partition(": ")]]


class Inferred:
    """What the inference says of a script, or of a folder whose `train.py` is the entry."""

    def __init__(self, texts: dict[str, str]) -> None:
        entry = "train.py" if "train.py" in texts else next(iter(texts))
        self._walk = interpret(Program(Module(make_source(entry, texts[entry])), _reader(texts)))
        self._shown: dict[tuple[str, int], dict[str, Value]] = defaultdict(dict)
        self._names: dict[Object, set[str]] = defaultdict(set)  # of each object: the variables that hold it
        for module, line, name, value in bindings(self._walk):
            known = self._shown[module.source.path, line]
            known[name] = known.get(name, frozenset()) | value
            for item in value:
                self._names[item.raw].add(name)
        for module in self._walk.modules:
            for node in module.nodes(s.Evaluate):
                value = self._walk.trace.values.get(node.value, frozenset())
                self._shown[module.source.path, module.where(node)[0]].setdefault(module.text(node.value), value)

    def differs(self, expected: Expectation) -> str:
        """Say how what was found differs from what is expected; nothing where it does not."""
        shown = self._shown.get((expected.path, expected.line), {})
        if expected.name not in shown and (expected.name or len(shown) != 1):
            raise Misspelt(f"{expected}: the line binds {', '.join(shown) or 'nothing'}")
        value = shown[expected.name] if expected.name else next(iter(shown.values()))
        return "" if self._agrees(value, expected) else f"{expected}: {self.told(value)}, not {expected.roles}"

    def _agrees(self, value: Value, expected: Expectation) -> bool:
        """Whether each object is one that is expected, and each that is expected is there."""
        if expected.roles == "nothing":
            return not value
        patterns = [_OBJECT.match(role) for role in expected.roles.split(" | ")]
        if None in patterns:
            raise Misspelt(f"{expected}: `{expected.roles}` is not in the notation")
        hits = [[item for item in value if pattern is not None and self._is(item, pattern)] for pattern in patterns]
        return all(hits) and {item for found in hits for item in found} == set(value)

    def _is(self, item: Object, pattern: re.Match[str]) -> bool:
        of, same = pattern["of"], pattern["same"]
        return (
            item.kind is _WORDS[pattern["kind"]]
            and item.prepared == bool(pattern["prepared"])
            and item.place == (pattern["place"] or "")
            and (pattern["label"] is None or pattern["label"] == item.label)
            and (of is None or self._made_of(item, of.split(", ")))
            and (same is None or same in self._names[item.raw])
        )

    def _made_of(self, item: Object, expected: list[str]) -> bool:
        named = [self._names_of(part) for part in item.of]
        return all(names & {*expected} for names in named) and all(any(x in names for names in named) for x in expected)

    def _names_of(self, item: Object) -> set[str]:
        """The variables that hold an object, its label, its kind."""
        return {*self._names[item.raw], item.label, item.kind.value} - {""}

    def told(self, value: Value) -> str:
        """Say what a value is, in the notation."""
        return " | ".join(sorted({self._told(item) for item in value})) or "nothing"

    def _told(self, item: Object) -> str:
        kind = next(word for word, kind in _WORDS.items() if kind is item.kind)
        of = ", ".join(sorted("/".join(sorted(self._names_of(part))) for part in item.of))
        held = "/".join(sorted(self._names[item.raw]))
        parts = ["prepared"] * item.prepared + [kind] + [f"`{item.label}`"] * bool(item.label)
        parts += [f"of {of}"] * bool(of) + [f"on {item.place}"] * bool(item.place) + [f"= {held}"] * bool(held)
        return " ".join(parts)


def _reader(texts: dict[str, str]):
    def read(path: str) -> Source | None:
        return make_source(path, texts[path]) if path in texts else None

    return read


def texts_of(path: Path) -> dict[str, str]:
    """Read a script, or every script of a folder, by the path within it."""
    if path.is_file():
        return {path.name: path.read_text(encoding="utf-8")}
    return {x.relative_to(path).as_posix(): x.read_text(encoding="utf-8") for x in sorted(path.rglob("*.py"))}
