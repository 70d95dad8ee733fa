"""A device that the user chooses: the Accelerator uses it on one process; on several each process has another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from migrator.inference.objects import Kind, Object, Value
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.device import (
    DEVICE_WORD,
    Definition,
    is_called_settings,
    is_indexed,
    is_number,
    is_settings,
    placements,
    torch_name,
)
from migrator.training.position import common_insertion_point, in_loop, scope_of, statements_up

_PICKED = frozenset({Kind.OPTION, Kind.OPAQUE})


@dataclass(frozen=True, slots=True)
class UserDevice:
    """Where a picked device is known, and by which expression.

    ``definitions`` give it a variable, and ``block.statements[index]`` is the first statement after all of them; without
    definitions, ``text`` is the option itself, which moves read in place.
    """

    module: Module
    node: s.Expression  # the variable, or the option where it is read first
    text: str
    torch: str  # how the module calls torch
    definitions: tuple[Definition, ...] = ()
    block: s.Block | None = None
    index: int = 0
    is_text: bool = False  # a string, or perhaps one
    is_mixed: bool = False  # a string on some paths, a ``torch.device`` on others
    may_index: bool = True  # whether it can name another device than the first of its kind

    @property
    def is_plain(self) -> bool:
        """Whether it is a string that names no index, so that comparing it says all."""
        return self.is_text and not self.may_index and not self.is_mixed

    @property
    def device(self) -> str:
        """The text of the device as a ``torch.device``."""
        is_made = bool(self.definitions) and not self.is_mixed
        return f"{self.torch}.device({self.text})" if self.is_text and not is_made else self.text

    @property
    def cpu(self) -> str:
        """The condition under which it is the CPU."""
        return f'{self.text} == "cpu"' if self.is_plain else f'{self.device}.type == "cpu"'

    def lines(self, indent: str) -> tuple[str, ...]:
        """Give the lines that come before the Accelerator is made: it takes the current GPU."""
        if not self.may_index:
            return ()
        made = (f"{self.text} = {self.torch}.device({self.text})",) if self.needs_device else ()
        return (*made, f"if {self.device}.index:", f"{indent}{self.torch}.cuda.set_device({self.text})")

    @property
    def needs_device(self) -> bool:
        """Whether the variable has to be converted to a ``torch.device`` on a separate line."""
        return self.is_text and len(self.definitions) > 1

    @property
    def wraps(self) -> bool:
        """Whether its one definition has to be made a ``torch.device``."""
        return self.is_text and self.may_index and len(self.definitions) == 1

    @property
    def after(self) -> tuple[s.Expression, ...]:
        """The nodes that have to come before the Accelerator is made."""
        return tuple(item.variable for item in self.definitions) or (self.node,)


def is_picked(item: Definition) -> bool:
    """Whether a definition leaves the device, or its index, to the user."""
    return item.is_handed or any(x.kind in _PICKED or x.data in ("option", "?") or is_indexed(x) for x in item.devices)


def user_device_among(definitions: Iterable[Definition], modules: Iterable[Module]) -> UserDevice | None:
    """Give the user_device of some definitions of one variable; None if there is no place after all of them."""
    items = list(definitions)
    modules = list(modules)
    if not items or any(isinstance(x.statement, s.Assign) and len(x.statement.targets) != 1 for x in items):
        return None
    module, target = items[0].module, items[0].variable
    text = module.text(target)
    scope = scope_of(items[0].statement)
    if not isinstance(target, (s.Name, s.Attribute)) or any(
        x.module is not module or scope_of(x.statement) is not scope or module.text(x.variable) != text for x in items
    ):
        return None
    point = _insertion_point_after([x.statement for x in items], scope)
    torch = torch_name(module)
    if point is None or torch is None:
        return None
    devices = [x for item in items for x in item.devices]
    unknown = any(not x.devices for x in items)
    is_text = unknown or any(
        x.kind is not Kind.DEVICE or isinstance(x.site, s.Literal) or is_number(x) for x in devices
    )
    if is_text and any(isinstance(x.variable.parent, s.Collection) for x in items):
        return None  # it would have to be made a `torch.device` where it is unpacked
    may_index = unknown or _may_index(devices, modules)
    is_mixed = is_text and not may_index and not all(isinstance(x.site, s.Literal) or is_number(x) for x in devices)
    return UserDevice(module, target, text, torch, tuple(items), *point, is_text, is_mixed, may_index)


def user_device_in_place(
    reads: Iterable[tuple[Module, s.Attribute | s.Subscript]], modules: Iterable[Module]
) -> UserDevice | None:
    """Give the user_device that moves read in place, as in ``x.to(args.device)``; None where they read different things."""
    found = list(reads)
    if not found or len({module.text(node) for module, node in found}) != 1:
        return None
    module, node = found[0]
    torch = torch_name(module)
    if torch is None:
        return None
    may_index = _may_index_named(_option_name(node), modules)
    return UserDevice(module, node, module.text(node), torch, is_text=True, may_index=may_index)


def _option_name(node: s.Node) -> str:
    """The name of an option: `device` of `args.device` and of `config["device"]`."""
    if isinstance(node, s.Attribute):
        return node.name
    key = node.index[0] if isinstance(node, s.Subscript) and len(node.index) == 1 else None
    return str(key.value) if isinstance(key, s.Literal) else ""


def _insertion_point_after(statements: list[s.Node], scope: s.Node) -> tuple[s.Block, int] | None:
    """The place after the last of some statements, in the innermost block that holds all of them."""
    paths = [statements_up(x, scope) for x in statements]
    point = common_insertion_point(paths)
    if point is None:
        return None
    block = point[0]
    index = 1 + max(i for path in paths for other, i in path if other is block)
    return (block, index) if index < len(block.statements) and not in_loop(block) else None


def _may_index(devices: Iterable[Object], modules: list[Module]) -> bool:
    """Whether a picked device can be another than the first of its kind."""
    for item in devices:
        if item.kind in _PICKED:
            name = item.data[1] if item.data.__class__ is tuple and item.data[0] in ("attr", "item") else ""
            if _may_index_named(str(name), modules):
                return True
        elif item.data in ("option", "?") or is_indexed(item):
            return True
    return False


def _may_index_named(name: str, modules: Iterable[Module]) -> bool:
    """Whether a command-line option may hold an index: not where all its choices are known to have none."""
    for module in modules:
        for call in module.nodes(s.Call):
            if isinstance(call.func, s.Attribute) and call.func.name == "add_argument" and _declares(call, name):
                choices = call.argument(None, "choices")
                if isinstance(choices, s.Collection):
                    words = [x.value for x in choices.items if isinstance(x, s.Literal)]
                    return not (len(words) == len(choices.items) and all(str(x).isalpha() for x in words))
    return True


def _declares(call: s.Call, name: str) -> bool:
    words = [arg.value.value for arg in call.args if arg.keyword is None and isinstance(arg.value, s.Literal)]
    return name in {str(word).lstrip("-").replace("-", "_") for word in words}


def options_in_place(
    values: Callable[[s.Node], Value], modules: Iterable[Module]
) -> Iterator[tuple[Module, s.Attribute | s.Subscript]]:
    """Give the device arguments that read a user's option on the spot, and not a variable that holds it.

    Args:    values: what an expression may be.
    """
    for module, _, node in placements(modules):
        if isinstance(node, (s.Attribute, s.Subscript)) and is_option_read(values, node):
            yield module, node


def is_option_read(values: Callable[[s.Node], Value], node: s.Attribute | s.Subscript) -> bool:
    """Whether an expression is a user's option itself: ``args.device`` for what the command line gave."""
    named = is_called_settings(node.value)
    owners = {x for x in values(node.value) if is_settings(x) or (named and x.kind is Kind.INSTANCE)}
    made = values(node)
    is_device = DEVICE_WORD.search(_option_name(node)) is not None
    return is_device and bool(made) and all(x.kind in _PICKED and x.of and x.of[0] in owners for x in made)
