"""How a program uses an object: each expression that may hold it, and what is done with it there.

Use
|-- MethodCall  ObjectCall  AttributeRead  AttributeWrite     of the object itself
|-- Compared  Tested  Discarded  Inspected                    looked at, and left alone
|-- Iterated  Indexed  Entered                                asked for its elements, its context
|-- Saved                                                     written to a file, alone or in a container
|-- Flow: Bound  Passed  Contained  Returned                  goes on to other places
`-- Unclassified                                              anything else
"""

from __future__ import annotations

from dataclasses import dataclass

from migrator.source import syntax as s
from migrator.source.module import Module


@dataclass(frozen=True, slots=True)
class Use:
    """An expression that may hold an object, and what is done with the object there."""

    node: s.Expression
    module: Module
    alone: bool  # whether the expression holds nothing else on any path


@dataclass(frozen=True, slots=True)
class MethodCall(Use):
    """``scaler.step(optimizer)``; with ``name`` "step"."""

    call: s.Call
    name: str


@dataclass(frozen=True, slots=True)
class ObjectCall(Use):
    """``loss_scaler(loss, optimizer)``: the object itself is called, or decorates a function."""

    call: s.Node  # the call, or the function that is decorated


@dataclass(frozen=True, slots=True)
class AttributeRead(Use):
    """``scaler.growth``, and ``step = scaler.step``, which is called elsewhere if at all."""

    access: s.Attribute
    name: str


@dataclass(frozen=True, slots=True)
class AttributeWrite(Use):
    """``scaler.growth = 2``."""

    access: s.Attribute
    name: str


@dataclass(frozen=True, slots=True)
class Compared(Use):
    """``scaler is not None``."""

    comparison: s.Compare


@dataclass(frozen=True, slots=True)
class Tested(Use):
    """``if scaler:``, ``not scaler``: only whether it is true counts."""


@dataclass(frozen=True, slots=True)
class Discarded(Use):
    """``model.train()`` as a statement, which gives back the model to nobody."""


@dataclass(frozen=True, slots=True)
class Inspected(Use):
    """``isinstance(scaler, GradScaler)``, ``print(scaler)``: a builtin looks at the object and leaves it alone."""

    call: s.Call
    function: str


@dataclass(frozen=True, slots=True)
class Iterated(Use):
    """``for part in model:``."""


@dataclass(frozen=True, slots=True)
class Indexed(Use):
    """``model[0]``."""

    subscript: s.Subscript


@dataclass(frozen=True, slots=True)
class Entered(Use):
    """``with context:``."""

    statement: s.With


@dataclass(frozen=True, slots=True)
class Saved(Use):
    """``torch.save({"scaler": scaler}, path)``."""

    call: s.Call


@dataclass(frozen=True, slots=True)
class Flow(Use):
    """The object goes on from the expression to other places.

    Where it is ``followed``, all that happens to it in those places is among its uses, too. Where it is not, code that
    cannot be seen may do anything with it.
    """

    followed: bool


@dataclass(frozen=True, slots=True)
class Bound(Flow):
    """``self.scaler = scaler``, the default of a parameter, the target of a loop or of ``with``."""

    target: s.Node


@dataclass(frozen=True, slots=True)
class Passed(Flow):
    """``train(model, scaler)``; not followed where the called code is not seen."""

    call: s.Call
    function: str  # the qualified name of a library's function; empty for a function of the program


@dataclass(frozen=True, slots=True)
class Contained(Flow):
    """``[scaler]``, ``{"scaler": scaler}``, ``scalers.append(scaler)``.

    Where the container gets to a file or to code that is not seen, that is one more use of what it contains.
    """

    container: s.Expression


@dataclass(frozen=True, slots=True)
class Returned(Flow):
    """``return scaler``, ``yield scaler``; followed where only calls that are seen reach the function."""

    function: s.Node


@dataclass(frozen=True, slots=True)
class Unclassified(Use):
    """Anything else that an expression can stand in: an operand, a part of a string, a class's base."""
