"""What a rule is: a code, a text for people, examples, and one question to the training model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
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
class Example:
    """A script that a rule rewrites (``after`` differs), leaves alone (no ``after``) or reports (``reviews``)."""

    name: str
    before: str
    after: str | None = None
    reviews: str = ""  # the code that must be reported


class Rule:
    """One reason to change a script. The docstring is its page: What, Why, Safety, Source."""

    code: ClassVar[str]
    name: ClassVar[str]  # "insert-prepare"
    safety: ClassVar[Safety] = Safety.SAFE
    examples: ClassVar[tuple[Example, ...]] = ()

    def check(self, training: Training) -> Iterator[Change]:
        """Yield the changes (or pieces of advice: changes without edits) that this rule asks for."""
        raise TypeError(f"INTERNAL ERROR: {self.code} has no check")

    @classmethod
    def page(cls) -> str:
        """The rule's documentation, as `migrate --explain` prints it."""
        return (cls.__doc__ or "").strip()


CATALOGUE: Any = ()
