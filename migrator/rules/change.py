"""What a rule asks for: edits that are made together or not at all, or a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.rules.fact import Fact
from migrator.rules.severity import Level as Level
from migrator.source import syntax as s
from migrator.source.block import Operation, Replace
from migrator.source.module import Module
from migrator.source.span import Span

# stands in an edit's text for the expression that reaches the Accelerator where the edit is made
ACCELERATOR = "\ue000"

_NO_FACTS: frozenset[Fact] = frozenset()


@dataclass(frozen=True, slots=True)
class Prefix:
    """Text to insert before an expression; its place is computed only if the edit is made.

    The first place that is computed in a file costs half a parse, and most migrated scripts only have edits like this one.
    """

    expression: s.Node
    text: str

    def placed(self, module: Module) -> Replace:
        """Give the operation in the text."""
        start = module.span(self.expression).start
        return Replace(Span(start, start), self.text)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation, with a node of the function that it happens in."""

    module: Module
    node: s.Node
    operation: Operation | Prefix


@dataclass(frozen=True, slots=True)
class Way:
    """One way to write an argument: its text, and the variables of the script that the text reads."""

    text: str
    reads: tuple[s.Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Argument:
    """A keyword argument that the Accelerator is made with.

    Of several ways to write it, the first is taken whose variables are bound where the Accelerator is made.
    ``before`` gives the lines that must come before that, by the indentation of the file; ``notes`` gives the findings
    that follow from it, by the statement before which the Accelerator is made.
    """

    name: str
    ways: tuple[Way, ...]
    before: Callable[[str], tuple[str, ...]] = field(default=lambda indent: ())
    notes: Callable[[Module, s.Node], Iterable[Change]] = field(default=lambda module, node: ())


@dataclass(frozen=True, slots=True)
class Change:
    """A rule's answer for one site.

    A change with ``steps`` or ``arguments`` edits; one without is a finding. It is applied whole or not at all, and only
    where other accepted changes provide all that it requires.
    """

    code: str
    module: Module
    node: s.Node  # where it is reported
    message: str
    steps: tuple[Step, ...] = ()
    level: Level = Level.SAFE
    requires: frozenset[Fact] = _NO_FACTS
    provides: frozenset[Fact] = _NO_FACTS
    # whoever provides the first fact requires the others as well; this holds of a finding, and of a change that is not made
    obliges: Mapping[Fact, frozenset[Fact]] = field(default_factory=dict, hash=False)
    group: object = None  # changes of one group stand or fall together
    arguments: tuple[Argument, ...] = ()  # what the Accelerator is made with; two different texts for one name withhold
    covers: frozenset[s.Node] = frozenset()  # once it is applied, other findings in these nodes are out of date
    elides: frozenset[s.Call] = frozenset()  # calls that a second look takes for their first argument
    fallback: Change | None = None  # what takes its place where it is withheld, for whatever reason
    best_effort: bool = False  # made only where the Accelerator is at hand anyway
    in_one: Callable[[Sequence[Change], str, str], Change] | None = (
        None  # one finding for all of a file that are missed
    )
    is_relied_on: bool = False  # code outside of the program that calls the same function relies on what is edited
    blocks: bool = False  # a finding that keeps the whole program as it is
    reason: str = ""
    help: str = ""
    waits: bool = False  # a finding that repeats what another one is in the way of
    alike: tuple[s.Node, ...] = ()  # further nodes that the same change is about, each reported by itself

    @property
    def is_advice(self) -> bool:
        """Whether there is nothing to edit."""
        return not (self.steps or self.arguments) and self.level in (Level.REVIEW, Level.NOTE)

    @property
    def is_reported(self) -> bool:
        """Whether it says something; a change that only contributes an argument is told of by the Accelerator's own."""
        return bool(self.steps) or self.is_advice

    @property
    def sites(self) -> Iterator[s.Node]:
        """The nodes that it is about."""
        yield self.node
        yield from self.alike


def short(text: str, width: int = 70) -> str:
    """Give code on one line, shorter than ``width`` characters or cut to that, as messages show it."""
    line = " ".join(text.split())
    return line if len(line) < width else line[: width - 3] + "..."
