"""What each process works out for itself, so that another one may come to another result.

On N processes every one sees its own share of the batches, its own clock and its own chance. A number that depends on them is
no longer the same everywhere, and what it decides may happen on one process only. Numbers bear no roles, so that this
follows names: through assignments, arguments, results, attributes, and the conditions that assignments stand under.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from enum import Enum
from typing import Any, TypeVar

from migrator.inference.objects import Kind, Object, Value
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.trained_program import TrainedProgram


class Origin(Enum):
    """Why a value may differ between processes."""

    SHARE = "its own share of the batches"
    PARTLY = "its own share of the batches, in some turns or calls"
    CLOCK = "its own clock"
    CHANCE = "its own random numbers"


Origins = frozenset[Origin]
_NONE: Origins = frozenset()
_ROUNDS = 8
_CLOCK = frozenset(
    """time.time time.time_ns time.perf_counter time.perf_counter_ns time.monotonic time.monotonic_ns time.process_time
    timeit.default_timer datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today""".split()
)
_CHANCE = ("random.", "numpy.random.")  # followed by a function that draws
_TORCH_CHANCE = frozenset(
    """torch.rand torch.randn torch.randint torch.randperm torch.rand_like torch.randn_like torch.randint_like torch.normal
    torch.bernoulli torch.multinomial""".split()
)
_DRAWS_NOTHING = frozenset({"seed", "getstate", "setstate", "shuffle", "default_rng", "get_state", "set_state"})
_SEEDS = ("random.seed", "numpy.random.seed", "torch.manual_seed", "torch.random.manual_seed")
# what a tensor is like does not depend on what it holds
_SHAPES = frozenset(
    {"size", "shape", "dim", "ndim", "numel", "nelement", "device", "dtype", "is_cuda", "requires_grad", "batch_size"}
)
_PLAIN = frozenset({"len", "isinstance", "type", "hasattr", "callable", "id", "range"})
_JOINED = frozenset({"gather", "gather_for_metrics", "reduce"})
_Fact = TypeVar("_Fact")
_Place = Hashable  # a variable by its scope and name, an attribute of `self` by its class, or an expression
_HELD = (s.Name, s.Attribute, s.Subscript)


class RankDivergence:
    """The origins of every number in the code that takes part in the training."""

    def __init__(self, code: TrainedProgram) -> None:
        self.code = code
        self.seeded = any(name in code.calls for name in _SEEDS)
        self.known: dict[
            _Place, dict[s.Statement | None, Origins]
        ] = {}  # by what is bound, then by the statement that binds it
        self.returned: dict[s.Node, Origins] = {}
        self._memory: dict[s.Node, Origins] = {}
        matters = code.components.loaders or any(x in _CLOCK or _draws(x) for x in code.calls)
        self._statements = (
            []
            if not matters
            else [node for module in code.modules for node in _steps(module) if code.is_involved(node)]
        )
        for _ in range(_ROUNDS):
            self._memory = {}
            changes = [self._follow(node) for node in self._statements]
            if not any(changes):
                break

    def of(self, node: s.Node) -> Origins:
        """Give the origins of an expression."""
        found = self._memory.get(node)
        if found is None:
            self._memory[node] = _NONE  # an expression is no part of itself
            found = self._memory[node] = self._origins(node)
        return found

    # ------------------------------------------------------------ expressions

    def _origins(self, node: s.Node) -> Origins:
        if isinstance(node, s.Call):
            return self._of_call(node)
        if isinstance(node, s.Lambda):
            return _NONE
        if isinstance(node, _HELD):
            return self._of_held(node)
        return _NONE.union(*(self.of(child) for child in node.children()))

    def _of_held(self, node: s.Node) -> Origins:
        """Of a variable, an attribute or an element: what was bound to it, or what the batches themselves show."""
        base = node
        while isinstance(base, (s.Attribute, s.Subscript)):
            if isinstance(base, s.Attribute) and base.name in _SHAPES:
                return _NONE
            base = base.value
        value = self.code.value(node)
        if any(x.kind in (Kind.TENSOR, Kind.BATCH) for x in value):
            # `n = len(x)` is a tensor to those who know no numbers: where it was bound, that counts
            if not isinstance(node, s.Name) or self.code.order.last_assigned(node) is None:
                return _share_of(value)
        return self._read(node).union(*(self.of(child) for child in node.children()))

    def _of_call(self, node: s.Call) -> Origins:
        func = node.func
        values = self.code.value(func)
        if isinstance(func, s.Name) and func.id in _PLAIN:
            return _NONE
        if isinstance(func, s.Attribute):
            if func.name in _SHAPES:
                return _NONE
            owners = self.code.value(func.value)
            if func.name in _JOINED and any(x.kind is Kind.ACCELERATOR for x in owners):
                return _NONE
        names = [str(x.data) for x in values if x.kind is Kind.LIBRARY]
        if any(name in _CLOCK for name in names):
            return frozenset({Origin.CLOCK})
        if any(map(_draws, names)):
            return _NONE if self.seeded else frozenset({Origin.CHANCE})
        functions = _functions(values)
        if functions and not self._is_one_of_many(func, values):
            return _NONE.union(*(self.returned.get(x, _NONE) for x in functions))
        drawn = {x for x in self.code.value(node) if x.kind is Kind.BATCH}  # `next(batches)`
        found = _share_of(frozenset(drawn))
        receiver = self.of(func.value) if isinstance(func, s.Attribute) else _NONE
        return found.union(receiver, *(self.of(arg.value) for arg in node.args))

    def _is_one_of_many(self, func: s.Node, values: Value) -> bool:
        """Whether a method belongs to one of several objects of its class, whose attributes we do not tell apart."""
        owners = {x.of[0].data for x in values if x.kind is Kind.METHOD and x.of and x.of[0].kind is Kind.INSTANCE}
        plain = isinstance(func, s.Attribute) and not _is_self(func.value)
        made = [x for x in self.code.after.heap.objects() if x.kind is Kind.INSTANCE] if plain and owners else []
        return any(sum(x.data is owner for x in made) > 1 for owner in owners)

    # ------------------------------------------------------------ statements

    def _follow(self, node: s.Node) -> bool:
        """Carry origins on from one statement or call; give whether anything new came of it."""
        if isinstance(node, s.Call):
            return self._hand_over(node)
        if isinstance(node, s.Return):
            scope = _function_of(node)
            return scope is not None and node.value is not None and self._add(self.returned, scope, self.of(node.value))
        if isinstance(node, s.For):
            return self._bind(node.target, self.of(node.iter) if self._is_list(node.iter) else _NONE)
        assert isinstance(node, (s.Assign, s.Augment, s.Annotate, s.Walrus))
        value = self.of(node.value) if node.value is not None else _NONE
        value = value.union(*(self.of(test) for test in _tests(node)))
        if isinstance(node, s.Assign):
            changes = [self._bind(target, value, node.value) for target in node.targets]
            return any(changes)
        return self._bind(node.target, value)

    def _is_list(self, node: s.Node) -> bool:
        """Whether a loop is over numbers, not over the batches themselves."""
        return not any(x.kind in (Kind.LOADER, Kind.ITERATOR, Kind.BATCH, Kind.OPAQUE) for x in self.code.value(node))

    def _bind(self, target: s.Expression, origins: Origins, value: s.Expression | None = None) -> bool:
        if isinstance(target, s.Collection):
            items = value.items if isinstance(value, s.Collection) else []
            parts = [self.of(x) for x in items] if len(items) == len(target.items) else [origins] * len(target.items)
            changes = [self._bind(item, part) for item, part in zip(target.items, parts, strict=True)]
            return any(changes)
        if isinstance(target, s.Starred):
            target = target.value
        return isinstance(target, _HELD) and self._write(self._key(target), target.statement, origins)

    def _hand_over(self, node: s.Call) -> bool:
        """Into the parameters of a local function; else into the thing whose method is called for its effect."""
        functions = _functions(self.code.value(node.func))
        changed = False
        for function in functions if isinstance(node.func, (s.Name, s.Attribute)) else ():
            params = list(function.params)
            if params and isinstance(node.func, s.Attribute) and params[0].name in ("self", "cls"):
                params = params[1:]
            for index, arg in enumerate(node.args):
                name = arg.keyword or (params[index].name if index < len(params) and not arg.star else None)
                if name is not None:
                    changed = self._write((function.namespace, name), None, self.of(arg.value)) or changed
        if (
            isinstance(node.func, s.Attribute)
            and isinstance(node.parent, s.Evaluate)
            and isinstance(node.func.value, _HELD)
            and not (functions and _is_self(node.func.value))  # what its own methods keep is known by attribute
        ):
            if any(x.kind in (Kind.INSTANCE, Kind.SEQUENCE, Kind.DICT) for x in self.code.value(node.func.value)):
                given = _NONE.union(*(self.of(arg.value) for arg in node.args))
                changed = self._write(self._key(node.func.value), node.statement, given) or changed
        return changed

    def _write(self, key: _Place, statement: s.Statement | None, origins: Origins) -> bool:
        return bool(origins) and self._add(self.known.setdefault(key, {}), statement, origins)

    def _read(self, node: s.Node) -> Origins:
        """What the bindings that reach a read may have bound."""
        bound = self.known.get(self._key(node))
        if not bound:
            return _NONE
        reaching = self.code.order.reaching(bound, node) if isinstance(node, s.Name) else bound
        return _NONE.union(*(bound[x] for x in reaching))

    def _add(self, facts: dict[_Fact, Origins], key: _Fact, origins: Origins) -> bool:
        known = facts.get(key, _NONE)
        if origins <= known:
            return False
        facts[key] = known | origins
        return True

    def _key(self, node: s.Node) -> _Place:
        """Name what an expression reads: a variable by its scope, an attribute of `self` by its class."""
        path: list[str] = []
        while not isinstance(node, s.Name):
            if isinstance(node, s.Attribute):
                path.append(node.name)
            elif isinstance(node, s.Subscript):
                index = node.index[0] if len(node.index) == 1 else None
                path.append(str(index.value) if isinstance(index, s.Literal) else "*")
            else:
                return node
            node = node.value
        if _is_self(node) and path:
            return (_class_of(node), *path)
        return (node.scope.resolve(node.id), node.id, *path)


def _draws(name: str) -> bool:
    """Whether a library function draws random numbers (creating a generator does not)."""
    member = name.rpartition(".")[2]
    return name in _TORCH_CHANCE or (name.startswith(_CHANCE) and member.islower() and member not in _DRAWS_NOTHING)


def _share_of(value: Value) -> Origins:
    """Say whether a value is computed from batches of a prepared loader: surely, or now and then."""
    batches: list[Object] = []
    for item in value:
        batches += [x for x in (item.of if item.kind is Kind.TENSOR else (item,)) if x.kind is Kind.BATCH]
    prepared = [x for x in batches if x.of[0].prepared]
    if not prepared:
        return _NONE
    return frozenset({Origin.SHARE if len(prepared) == len(batches) else Origin.PARTLY})


def _functions(values: Value) -> list[s.FunctionDef]:
    kinds = (Kind.FUNCTION, Kind.METHOD)
    return [x.data[0] for x in values if x.kind in kinds and isinstance(x.data[0], s.FunctionDef)]


def _steps(module: Module) -> Iterator[s.Node]:
    kinds: tuple[type[Any], ...] = (s.Assign, s.Augment, s.Annotate, s.Walrus, s.For, s.Return, s.Call)
    for kind in kinds:
        yield from module.nodes(kind)


def _tests(place: s.Node) -> Iterator[s.Node]:
    """The conditions that a statement stands under, within its function."""
    node: s.Node | None = place
    while node is not None and not isinstance(node, (s.FunctionDef, s.Root)):
        parent = node.parent
        if isinstance(parent, s.Block) and isinstance(parent.owner, s.If):
            yield parent.owner.test
        node = parent


def _function_of(node: s.Node | None) -> s.Node | None:
    while node is not None and not isinstance(node, s.FunctionDef):
        node = node.parent
    return node


def _is_self(node: s.Node) -> bool:
    return isinstance(node, s.Name) and node.id == "self"


def _class_of(node: s.Node | None) -> s.Node | None:
    while node is not None and not isinstance(node, s.ClassDef):
        node = node.parent
    return node
