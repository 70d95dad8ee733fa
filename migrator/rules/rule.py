"""What a rule is: a code, a text for people, examples, and one question to the training model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from migrator.rules.change import Change
    from migrator.training.training import Training


class Safety(str, Enum):
    """How far a rule's change may be trusted."""

    SAFE = "safe"  # applied by default
    UNSAFE = "unsafe"  # applied with --unsafe
    REVIEW = "review"  # reported only


@dataclass(frozen=True, slots=True)
class Frame:
    """A script around a hole, which is a line `...`, and what becomes of the script whatever fills it."""

    where: str  # in words: "in the loop over the batches"
    before: str
    after: str

    def around(self, part: str, migrated: bool = False) -> str:
        """Give the whole script with a part in its hole."""
        text = dedent(self.after if migrated else self.before).strip("\n") + "\n"
        head, _, tail = text.partition("...\n")
        margin = head[len(head.rstrip(" ")) :]
        filled = indent(dedent(part).strip("\n") + "\n", margin) if part else ""
        return head.rstrip(" ") + filled + tail


@dataclass(frozen=True, slots=True)
class Example:
    """A script that a rule rewrites (``after`` differs), leaves alone (no ``after``) or reports (``reviews``).

    With a ``frame``, ``before`` and ``after`` are what fills its hole.
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
    """A rule's examples, in the file of its family beside the rules: read when asked for, which a migration never does."""

    def __get__(self, rule: Rule | None, kind: type[Rule]) -> tuple[Example, ...]:
        package, _, family = kind.__module__.rpartition(".")
        examples: dict[str, tuple[Example, ...]] = import_module(f"{package}.examples.{family}").EXAMPLES
        return examples[kind.name]


class Rule:
    """One reason to change a script. The docstring is its page: What, Why, Safety, Source."""

    code: ClassVar[str]
    name: ClassVar[str]  # "insert-prepare"
    safety: ClassVar[Safety] = Safety.SAFE
    # names of functions and classes of torch: a call of one that nothing has spoken of is reported under this code
    names: ClassVar[tuple[str, ...]] = ()
    distinctive_names: ClassVar[tuple[str, ...]] = ()  # likewise, whatever module they are taken from
    examples: ClassVar[Any] = _Filed()  # a tuple of examples

    def check(self, training: Training) -> Iterator[Change]:
        """Yield the changes (or pieces of advice: changes without edits) that this rule asks for."""
        raise TypeError(f"INTERNAL ERROR: {self.code} has no check")

    @classmethod
    def page(cls) -> str:
        """The rule's documentation, as `migrate --explain` prints it."""
        return (cls.__doc__ or "").strip()


class DerivedRule(Rule):
    """A rule that is asked by nobody: its changes follow from those of others, and are made where that is known."""
