"""Facts that changes require and provide: what ties the edits of different families together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migrator.source import syntax as s


@dataclass(frozen=True, slots=True, eq=False)
class FactKind:
    """A kind of fact; a family may define kinds that only its own changes use."""

    name: str

    def of(self, node: s.Node | None) -> Fact:
        """Give the fact about one place."""
        return Fact(self, node)

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that holds for a program, or for one place in it, once a change is applied."""

    kind: FactKind
    node: s.Node | None = None


# about the whole program
ACCELERATOR = Fact(FactKind("accelerator"))  # there is an Accelerator, or one may be made
UNBLOCKED = Fact(FactKind("unblocked"))  # no finding says that migrating would be wrong
PREPARED = Fact(FactKind("prepared"))  # all that is trained goes through `prepare`
TENSOR_TYPES = Fact(FactKind("tensor types"))  # legacy tensor types are taken apart

# about one place
BACKWARD = FactKind("backward")  # this call back-propagates in a way that is right for prepared objects
UNWRAPPED = FactKind("unwrapped")  # this expression is the model itself, not its wrapper
SAVED = FactKind("saved")  # this call writes on the main process only
UNSPREAD = FactKind("unspread")  # this wrapper no longer spreads a model over several GPUs
DEVICE = FactKind("device")  # this assignment gives its variable the Accelerator's device
MOVED = FactKind("moved")  # this move goes to the Accelerator's device, or is left to `prepare`

FOR_PREPARED = frozenset({PREPARED})


def prepare_obliges(*facts: Fact) -> Mapping[Fact, frozenset[Fact]]:
    """Say what must hold wherever objects are prepared."""
    return {PREPARED: frozenset(facts)}
