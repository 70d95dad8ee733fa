"""Objects: what a script makes. A variable holds a set of them."""

from __future__ import annotations

from enum import Enum
from itertools import count
from typing import Any


class Kind(Enum):
    """What an object is."""

    __hash__ = object.__hash__  # an Enum's own hashes the name, which takes a fiftieth of a run

    ANY = "anything"  # nothing is known
    UNBOUND = "unbound"  # the variable may not exist yet
    CONSTANT = "constant"  # data: the value
    LIBRARY = "library"  # a module, class or function of another package; data: its qualified name
    MODULE = "module"  # a local module; data: its frame
    FUNCTION = "function"  # a local function or lambda; data: (node, frame that it was defined in)
    METHOD = "method"  # a local function bound to `of`; data: as FUNCTION
    CLASS = "class"  # a local class; data: (node, frame)
    INSTANCE = "instance"  # of a local class; data: the CLASS object
    PARTIAL = "partial"  # functools.partial; data: (callee value, bound arguments)
    OPAQUE = "opaque"  # made by code that we cannot see, or a name defined elsewhere
    OPTION = "option"  # a user's choice: a command-line or configuration value
    SEQUENCE = "sequence"
    DICT = "dict"
    MODEL = "model"
    PART = "part"  # an attribute of a model: a submodule, a parameter, a number
    PARAMETERS = "parameters"  # of one or more models
    CRITERION = "criterion"
    OPTIMIZER = "optimizer"
    SCHEDULER = "scheduler"
    LOADER = "loader"
    ITERATOR = "iterator"  # over the batches of loaders
    BATCH = "batch"  # a batch or part of one, as the loader gave it
    DATASET = "dataset"
    SAMPLER = "sampler"
    LENGTH = "length"  # of a dataset or a loader
    TENSOR = "tensor"  # computed; of: what it was computed from
    FRESH = "fresh tensor"  # made by the script itself
    STATE = "state dict"
    CHECKPOINT = "checkpoint"  # what the table says of torch.load; the object itself is opaque
    DEVICE = "device"
    FLAG = "device flag"  # whether an accelerator is there, or wanted
    TYPE = "tensor type"  # torch.cuda.FloatTensor and kin; data: the qualified name
    SCALER = "gradient scaler"
    RANK = "rank"
    WORLD = "world size"
    ACCELERATOR = "accelerator"
    FRAMEWORK = "framework object"  # Lightning, DeepSpeed, Trainer ...: something else is in charge


class Object:
    """One thing that a script makes at one place in one calling context.

    ``prepared`` marks what ``accelerator.prepare`` returns for ``raw``; it is another object. So is a batch, or a tensor made
    by the script, that was moved: ``place`` says to where, "device" or "cpu".
    """

    __slots__ = ("context", "data", "kind", "label", "number", "of", "place", "prepared", "raw", "site")

    def __init__(
        self, number: int, kind: Kind, site: Any, context: Any, of: tuple[Object, ...], data: Any, label: str
    ) -> None:
        self.number = number
        self.kind = kind
        self.site = site  # the syntax node that makes it, or None; its class follows from the kind
        self.context = context  # the calls that led there
        self.of = of
        self.data = data  # what the kind says, as listed there
        self.label = label
        self.raw: Object = self
        self.prepared = False
        self.place = ""

    def __hash__(self) -> int:
        """Make the order in sets that of a heap, which is the same in every run."""
        return self.number

    def __repr__(self) -> str:
        return f"<{'prepared ' if self.prepared else ''}{self.kind.value} {self.label}>"


Value = frozenset[Object]
_FIRST = 2  # the number of the first object in a heap


class Heap:
    """Makes objects, and gives the same object again for the same place and context."""

    def __init__(self) -> None:
        self._numbers = count(_FIRST)
        self._made: dict[object, Object] = {}
        self._kinds: dict[Kind, list[Object]] = {}
        self._values: dict[object, Value] = {}
        self._prepared: dict[Object, Object] = {}
        self._placed: dict[tuple[object, ...], Object] = {}

    def make(
        self, kind: Kind, site: Any, context: Any = None, of: tuple[Object, ...] = (), data: Any = None, label: str = ""
    ) -> Object:
        """Give the object of a kind made at a site in a context from other objects."""
        key = (kind, site, context, of, data if data.__hash__ else None, label)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Object(next(self._numbers), kind, site, context, of, data, label)
            self._kinds.setdefault(kind, []).append(found)
        return found

    def value(self, *args: Any, **kwargs: Any) -> Value:
        """As ``make``, as a set of one."""
        return self.single(self.make(*args, **kwargs))

    def single(self, item: Object) -> Value:
        """Give the value that is surely one object."""
        found = self._values.get(item)
        if found is None:
            found = self._values[item] = frozenset((item,))
        return found

    def tensor(self, roots: frozenset[Object]) -> Value:
        """Give the tensor computed from some roots."""
        if not roots:
            return UNKNOWN
        found = self._values.get(roots)
        if found is None:
            found = self._values[roots] = frozenset(
                (Object(next(self._numbers), Kind.TENSOR, None, None, tuple(roots), None, ""),)
            )
        return found

    def prepare(self, item: Object) -> Object:
        """Give what ``prepare`` returns for an object: itself where there is nothing to prepare."""
        if item.prepared or item.kind not in PREPARABLE:
            return item
        found = self._prepared.get(item)
        if found is None:
            found = Object(next(self._numbers), item.kind, item.site, item.context, item.of, item.data, item.label)
            found.raw, found.prepared = item, True
            self._prepared[item] = found
        return found

    def place(self, item: Object, where: str) -> Object:
        """Give a batch, or a tensor made by the script, as it is after a move; any other object is itself."""
        if item.kind not in (Kind.BATCH, Kind.FRESH) or item.place == where:
            return item
        key = (item.kind, item.site, item.context, item.of, item.label, where)
        found = self._placed.get(key)
        if found is None:
            found = self._placed[key] = Object(
                next(self._numbers), item.kind, item.site, item.context, item.of, item.data, item.label
            )
            found.place = where
        return found

    def placed_objects(self) -> list[Object]:
        """Give every batch and tensor as it is after some move."""
        return list(self._placed.values())

    def those(self, *kinds: Kind) -> list[Object]:
        """Give what was made of some kinds, in order within each."""
        return [item for kind in kinds for item in self._kinds.get(kind, ())]

    def objects(self) -> list[Object]:
        """Give everything that was made, in order."""
        return list(self._made.values())


PREPARABLE = frozenset({Kind.MODEL, Kind.OPTIMIZER, Kind.SCHEDULER, Kind.LOADER, Kind.OPAQUE})

ANY = Object(0, Kind.ANY, None, None, (), None, "")
UNBOUND = Object(1, Kind.UNBOUND, None, None, (), None, "")
NOTHING: Value = frozenset()
UNKNOWN: Value = frozenset((ANY,))
MAYBE_UNBOUND: Value = frozenset((UNBOUND,))

# kinds whose flow decides nothing, so that a loop need not be walked again for them
INERT = frozenset({Kind.ANY, Kind.UNBOUND, Kind.CONSTANT, Kind.OPTION, Kind.FRESH, Kind.LENGTH})


def join(first: Value | None, second: Value | None) -> Value:
    """Give what a variable may hold after either of two paths; None stands for no binding."""
    if first is second and first is not None:
        return first
    if first is None:
        return MAYBE_UNBOUND if second is None else second | MAYBE_UNBOUND
    if second is None:
        return first | MAYBE_UNBOUND
    if first >= second:
        return first
    if second >= first:
        return second
    return first | second


def kinds(value: Value) -> set[Kind]:
    """Give the kinds of all objects that a value may be."""
    return {item.kind for item in value}
