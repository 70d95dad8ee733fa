"""The base class of the rules: a code, its documentation, its examples, and one question to the training model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, ClassVar

from migrator.rules.severity import Effect

if TYPE_CHECKING:
    from migrator.rules.change import Change
    from migrator.training.training import Training


@dataclass(frozen=True, slots=True)
class Frame:
    """A template for examples: a script with a placeholder line `...`, and the migrated script with the same placeholder."""

    where: str  # in words: "in the loop over the batches"
    before: str
    after: str

    def around(self, part: str, migrated: bool = False) -> str:
        """Give the whole script with the placeholder replaced."""
        text = dedent(self.after if migrated else self.before).strip("\n") + "\n"
        head, _, tail = text.partition("...\n")
        margin = head[len(head.rstrip(" ")) :]
        filled = indent(dedent(part).strip("\n") + "\n", margin) if part else ""
        return head.rstrip(" ") + filled + tail


@dataclass(frozen=True, slots=True)
class Example:
    """A script that a rule rewrites (``after`` differs), does not touch (no ``after``) or reports (``reviews``).

    With a ``frame``, ``before`` and ``after`` replace its placeholder.
    """

    name: str
    before: str
    after: str | None = None
    reviews: str = ""  # the code that must be reported
    at: str = ""  # a text on the line where it must be reported; empty: anywhere
    frame: Frame | None = None

    @property
    def script(self) -> str:
        """The whole script before."""
        return dedent(self.before).lstrip("\n") if self.frame is None else self.frame.around(self.before)

    @property
    def result(self) -> str | None:
        """The whole script afterwards; None where the example does not say."""
        if self.frame is None:
            return None if self.after is None else dedent(self.after).lstrip("\n")
        return self.frame.around(self.before if self.after is None else self.after, migrated=True)


class _Filed:
    """The examples of a rule, from ``examples/FAMILY.py``; imported on first access, since a migration does not need them."""

    def __get__(self, rule: Rule | None, kind: type[Rule]) -> tuple[Example, ...]:
        package, _, family = kind.__module__.rpartition(".")
        examples: dict[str, tuple[Example, ...]] = import_module(f"{package}.examples.{family}").EXAMPLES
        return examples[kind.name]


class Rule:
    """One reason to change a script. The docstring is its page: What, Why, Safety, Source."""

    code: ClassVar[str]
    name: ClassVar[str]  # "insert-prepare"
    effect: ClassVar[Effect]
    # names of functions and classes of torch: calls that no rule changes or reports are reported under this code
    names: ClassVar[tuple[str, ...]] = ()
    distinctive_names: ClassVar[tuple[str, ...]] = ()  # likewise, whatever module they are taken from
    examples: ClassVar[Any] = _Filed()  # a tuple of examples

    def check(self, training: Training) -> Iterator[Change]:
        """Yield the changes that this rule asks for, and its advice (changes without edits)."""
        raise TypeError(f"INTERNAL ERROR: {self.code} has no check")

    @classmethod
    def page(cls) -> str:
        """The rule's documentation, as `migrate --explain` prints it."""
        return (cls.__doc__ or "").strip()


class DerivedRule(Rule):
    """A rule without a check: its changes follow from those of other rules, and are made where that is known."""
