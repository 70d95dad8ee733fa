"""Where the Accelerator is created: before all code that needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrator.inference.interpreter import Interpreter
from migrator.inference.never_run import asks_for_main
from migrator.inference.objects import Kind, Object
from migrator.inference.state import Frame
from migrator.inference.trace import Event, Forwarded, Made, Stored, of_kind
from migrator.rules.change import Argument, Way
from migrator.source import syntax as s
from migrator.source.block import Operation
from migrator.source.module import Module
from migrator.training.position import (
    CodeScope,
    after_docstring,
    class_of,
    comes_after,
    comes_before,
    common_insertion_point,
    scope_of,
    statements_up,
)

Chain = list[tuple[Frame, s.Node]]  # the frames and nodes from the entry down to a site


class Unreachable(Exception):
    """The Accelerator cannot be brought to this node; the text says why."""

    def __init__(self, node: s.Node, text: str) -> None:
        super().__init__(text)
        self.node = node
        self.text = text


@dataclass(slots=True)
class Access:
    """Where the Accelerator is made, what it is called in each scope, and the edits that bring it there."""

    module: Module
    block: s.Block
    index: int
    name: str  # how the statement that makes it calls it: "accelerator" or "self.accelerator"
    arguments: dict[str, str] = field(default_factory=dict)  # the texts of what it is made with
    exists: bool = False  # the script makes it itself
    expressions: dict[s.Node, str] = field(default_factory=dict)  # by scope node
    placed: dict[s.Node, str] = field(
        default_factory=dict
    )  # by scope node: what stands for it where its device is wanted
    threads: list[tuple[Module, s.Node, Operation]] = field(default_factory=list)
    threaded: dict[s.Node, tuple[Module, str]] = field(default_factory=dict)  # function -> where, sentence
    calls: list[s.Call] = field(default_factory=list)  # which hand it on
    keepers: dict[s.Node, tuple[Module, s.Node, Operation]] = field(
        default_factory=dict
    )  # constructor -> how it keeps it

    @property
    def home(self) -> CodeScope:
        """The scope that it is made in."""
        return scope_of(self.block)

    @property
    def is_guarded(self) -> bool:
        """Whether it is made at the level of a module, but only where that is the main program."""
        owner = self.block.owner
        while isinstance(owner, s.Statement):
            if isinstance(owner, s.If) and asks_for_main(owner.test):
                return True
            owner = owner.block.owner
        return False

    @property
    def plain(self) -> str:
        """Its name without ``self``."""
        return self.name.rpartition(".")[2]


class AcceleratorSite:
    """Finds where to make the Accelerator."""

    def __init__(self, interpreter: Interpreter, editable: set[Module]) -> None:
        self.interpreter = interpreter
        self.editable = editable
        self.module_of: dict[CodeScope, Module] = {}
        for module in interpreter.modules:
            self.module_of[module.root] = module
            for function in module.nodes(s.FunctionDef):
                self.module_of[function] = module
        self.existing = self._existing()

    def find(self, nodes: list[s.Node], arguments: Sequence[Argument]) -> Access:
        """Find the innermost place outside every loop that comes before all nodes.

        Raises:  Unreachable
        """
        scopes = list(dict.fromkeys(scope_of(node) for node in nodes))
        if self.existing is not None:
            statement = self.existing
            written = self.module_of[scope_of(statement)].text(statement.targets[0])
            return Access(self.module_of[scope_of(statement)], statement.block, statement.index, written, exists=True)
        name = self._free_name()
        owner = self._only_class(scopes)
        if owner is not None:
            access = self._in_constructor(owner, nodes, name)
            if access is not None and self._can_write(access, arguments):
                return access
        access = self._in_common_frame(nodes, name)
        if not self._can_write(access, arguments):
            shown = ", ".join(
                dict.fromkeys(_told(node, access.block) for x in arguments for way in x.ways for node in way.reads)
            )
            raise Unreachable(nodes[0], f"{shown} has no value yet where the Accelerator has to be created")
        return access

    def above_guard(self, access: Access, arguments: Sequence[Argument]) -> Access | None:
        """Move it out of the `if __name__ == "__main__":` that it is made in; None where its argument is not bound there."""
        module = access.module
        block = access.block
        index = access.index
        while block is not module.root.body:
            statement = block.owner
            assert isinstance(statement, s.Compound)
            block, index = statement.block, statement.index
        lifted = Access(module, block, index, access.name)
        return lifted if self._can_write(lifted, arguments) else None

    def _existing(self) -> s.Assign | None:
        """The statement by which the script itself makes its Accelerator; None where there is none."""
        for event in of_kind(self.interpreter.trace.events, Stored):
            statement = event.node.statement
            if event.item.kind is Kind.ACCELERATOR and isinstance(statement, s.Assign):
                if statement.value is event.item.site:
                    return statement
        return None

    def _free_name(self) -> str:
        """`accelerator`, unless the program uses that name for something else."""
        taken = {used for scope in self.module_of for used in scope.namespace.bound}
        return next(
            (name for name in ("accelerator", "_accelerator", "hf_accelerator") if name not in taken),
            "torch_accelerator",
        )

    # ------------------------------------------------------------ its arguments

    def _can_write(self, access: Access, arguments: Sequence[Argument]) -> bool:
        """Choose the first way to write each argument whose variables are bound where the Accelerator is made."""
        for argument in arguments:
            written = next(filter(None, (self._written(access, way) for way in argument.ways)), None)
            if written is None:
                return False
            access.arguments[argument.name] = written
        return True

    def _written(self, access: Access, way: Way) -> str | None:
        names = {_first_name(node).id: self._name_there(access, node) for node in way.reads}
        return _renamed(way.text, names) if all(names.values()) else None

    def _name_there(self, access: Access, node: s.Node) -> str | None:
        """What the variable of an expression is called where the Accelerator is made; None where it is not bound by then."""
        name = _first_name(node)
        if self._is_bound(access, node):
            return str(name.id)
        wanted = self.interpreter.trace.values.get(name, frozenset())
        assert isinstance(node, (s.Name, s.Attribute, s.Subscript))
        if node.store or not any(x.site is not None for x in wanted):
            return None
        here = dict(statements_up(access.block.statements[access.index], access.home))
        for other, found in access.home.namespace.names.items():
            for x in found:
                if x.store and scope_of(x) is access.home and self.interpreter.trace.values.get(x) == wanted:
                    if comes_before(x, here):
                        return str(other)
        return None

    def _is_bound(self, access: Access, node: s.Node) -> bool:
        """Whether a variable that the argument reads is bound where the Accelerator is made, and is the same there."""
        home = access.home
        assert isinstance(node, (s.Name, s.Attribute, s.Subscript))
        if node.store and scope_of(node) is home:
            return comes_before(node, dict(statements_up(access.block.statements[access.index], home)))
        if isinstance(node, (s.Attribute, s.Subscript)):
            return not node.store and self._is_bound(access, _first_name(node))
        owner, wanted = home.namespace.resolve(node.id), node.scope.resolve(node.id)
        if owner is None and wanted is None:
            return True  # a builtin
        if owner is None or owner is not wanted:
            return False
        if owner is not home.namespace or node.id in {p.name for p in getattr(home, "params", [])}:
            return True  # bound by an outer scope, which ran before
        here = dict(statements_up(access.block.statements[access.index], home))
        binds: list[s.Node] = [x for x in owner.names.get(node.id, []) if x.store and scope_of(x) is home]
        binds += [x for x in self.module_of[home].nodes(s.Import) if scope_of(x) is home and _imports(x, node.id)]
        return any(comes_before(x, here) for x in binds)

    # ------------------------------------------------------------ in a class

    def _only_class(self, scopes: Sequence[CodeScope]) -> s.ClassDef | None:
        """The class whose methods hold all the sites; None where there is no such class."""
        owners = {class_of(scope) for scope in scopes}
        owner = owners.pop() if len(owners) == 1 else None
        if owner is None:
            return None
        made = [x for x in self.interpreter.heap.objects() if x.kind in (Kind.INSTANCE, Kind.MODEL)]
        sites = {x.site for x in made if isinstance(x.data, Object) and x.data.site is owner}
        return owner if len(sites) == 1 and "__init__" in owner.methods() else None

    def _in_constructor(self, owner: s.ClassDef, nodes: list[s.Node], name: str) -> Access | None:
        """In ``__init__``, right before its first use there: at the top level where other methods use it as well."""
        init = owner.methods()["__init__"]
        frames = self.interpreter.trace.frames.get(init, [])
        if any(frame.loop is not None for frame in frames) or not any(map(self._from_entry, frames)):
            return None
        if self.module_of[init] not in self.editable:
            return None
        me = init.params[0].name
        inside = [statements_up(node, init) for node in nodes if scope_of(node) is init]
        point: tuple[s.Block, int] | None = (init.body, after_docstring(init.body))
        if inside:
            point = (
                common_insertion_point(inside)
                if len(inside) == len(nodes)
                else (init.body, min(path[-1][1] for path in inside))
            )
        return Access(self.module_of[init], *point, f"{me}.{name}") if point is not None else None

    # ------------------------------------------------------------ in a frame

    def _in_common_frame(self, nodes: list[s.Node], name: str) -> Access:
        """In the innermost activation that leads to every site, before the first of them."""
        chains = [chain for node in nodes for chain in self.chains(node)]
        frame = _common(chains)
        while frame is not None:
            if (
                frame.loop is None
                and isinstance(frame.node, (s.Root, s.FunctionDef))
                and self.module_of[frame.node] in self.editable
            ):
                point = common_insertion_point(
                    [statements_up(node, frame.node) for chain in chains for where, node in chain if where is frame]
                )
                if point is not None:
                    return Access(self.module_of[frame.node], *point, name)
            frame = frame.caller
        if _common(chains) is None:
            raise Unreachable(nodes[0], "several commands start this code, and no place comes before all of them")
        raise Unreachable(nodes[0], "there is no place outside all loops where the Accelerator could be created")

    def chains(self, node: s.Node) -> list[Chain]:
        """Give, for every activation of a node's function, the way from the entry down to the node.

        Raises:  Unreachable for code that nothing visible calls.
        """
        frames = [f for f in self.interpreter.trace.frames.get(scope_of(node), []) if self._from_entry(f)]
        if not frames:
            return self._forward_chains(node, scope_of(node))
        found = []
        for frame in frames:
            chain, inner, here = [], node, frame
            while True:
                chain.append((here, inner))
                if here.caller is None or here.call is None:
                    break
                inner, here = here.call, here.caller
            found.append(chain[::-1])
        return found

    def _forward_chains(self, node: s.Node, scope: CodeScope) -> list[Chain]:
        """For a method of a model, which its forward leads to: the ways to the calls of such models, or to where they are made."""
        owner = class_of(scope)
        kind: type[Event] = Made if getattr(scope, "name", "") == "__init__" else Forwarded
        calls = [
            event
            for event in of_kind(self.interpreter.trace.events, kind)
            if isinstance(event.item.data, Object) and event.item.data.site is owner
        ]
        found: list[Chain] = [
            list[tuple[Frame, s.Node]](event.steps())[::-1] for event in calls if self._from_entry(event.frame)
        ]
        if owner is None or not found:
            raise Unreachable(node, why_not_called(scope))
        return found

    def is_reached(self, node: s.Node) -> bool:
        """Whether visible code leads to a node."""
        try:
            return bool(self.chains(node))
        except Unreachable:
            return False

    def _from_entry(self, frame: Frame) -> bool:
        first = list(frame.chain())[-1]
        return isinstance(first.node, s.Root) and first.module is self.interpreter.program.entry

    def is_made_before(self, access: Access, node: s.Node) -> bool:
        """Whether the Accelerator is made before a node on every way there."""
        if not self.is_reached(node):
            return False
        chains = self.chains(node)
        here = dict(statements_up(access.block.statements[access.index], access.home))
        return all(comes_after(inner, here) for chain in chains for frame, inner in chain if frame.node is access.home)


def why_not_called(scope: CodeScope) -> str:
    """Say why the Accelerator cannot be passed to a scope that no known code executes."""
    if isinstance(scope, s.Root):
        return "this code runs when the module is imported, before the Accelerator is created"
    owner = class_of(scope)
    if owner is not None and scope.name == "__init__":
        return f"`{owner.name}` is created in none of the given files; give the script that creates it as well"
    return f"`{scope.name}` is never called in the files that were read, so the Accelerator cannot be passed to it"


def _renamed(text: str, names: Mapping[str, str | None]) -> str:
    return re.sub(r"\b[A-Za-z_]\w*", lambda word: names.get(word[0]) or word[0], text)


def _imports(statement: s.Import, name: str) -> bool:
    return any((alias or dotted.partition(".")[0]) == name for dotted, alias in statement.names)


def _told(node: s.Node, block: s.Block) -> str:
    """Name a variable, and the function that it belongs to where the Accelerator is made in another one."""
    home = scope_of(node)
    inside = f" of `{home.name}`" if isinstance(home, s.FunctionDef) and home is not scope_of(block) else ""
    return f"`{_first_name(node).id}`{inside}"


def _first_name(node: s.Node) -> s.Name:
    while isinstance(node, (s.Attribute, s.Subscript, s.Call)):
        node = node.func if isinstance(node, s.Call) else node.value
    assert isinstance(node, s.Name)
    return node


def _common(chains: list[Chain]) -> Frame | None:
    """The innermost activation that all chains have in common; None if several commands start them."""
    common = [frame for frame, _ in chains[0]]
    for chain in chains[1:]:
        common = [a for a, (b, _) in zip(common, chain, strict=False) if a is b]
    return common[-1] if common else None


__all__ = ["AcceleratorSite", "Access", "Unreachable", "why_not_called"]
