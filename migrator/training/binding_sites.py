"""Which activations hold an object in a place that can be bound again: a variable, an attribute, an element of a dict."""

from __future__ import annotations

from dataclasses import replace

from migrator.inference.objects import Kind, Object
from migrator.inference.state import Frame
from migrator.inference.trace import Event, Stored
from migrator.source import syntax as s
from migrator.source.module import Module
from migrator.training.components import Components
from migrator.training.use import first_use


def binding_sites_of(components: Components, item: Object) -> dict[Frame, Event]:
    """The frames with a variable that holds an object, each with the last time it was bound before it trains."""
    first = first_use(components, item)
    found: dict[Frame, Event] = {}
    for event in components.events_of(item, Stored):
        if (first is None or event.order < first.order) and _is_rebindable(event):
            known = found.get(binding_frame(event))
            if known is not None and isinstance(known.node, s.Attribute) and isinstance(event.node, s.Name):
                continue  # `model = self.model`: keep what outlives the call
            if isinstance(known, Stored) and (known.owner, known.key) == (event.owner, event.key):
                continue  # `model = model.train()` binds it to itself
            found[binding_frame(event)] = event
    return _elements(components, item) | found or _free_name(components, item)


def _elements(components: Components, item: Object) -> dict[Frame, Event]:
    """The frames with a variable through which an object is reached: ``loaders["train"]``, ``loaders.train``."""
    first = first_use(components, item)
    found: dict[Frame, Event] = {}
    for event in components.events_of(item, Stored):
        owner, key = event.owner, event.key
        if not isinstance(owner, Object) or not _takes_parts(owner) or key == "*":
            continue
        if owner.kind is Kind.SEQUENCE and not key.lstrip("-").isdecimal():
            continue  # an attribute of what may be a list: no index names that place
        for held in components.events_of(owner, Stored):
            if (first is None or held.order < first.order) and _is_rebindable(held):
                found.setdefault(binding_frame(held), _element(held, item, owner, key))
    return found


def _takes_parts(owner: Object) -> bool:
    """Whether objects are kept in something by others, which could give it new ones: a container, a dataclass."""
    if owner.kind is not Kind.INSTANCE:
        return owner.kind in (Kind.DICT, Kind.SEQUENCE)
    node = owner.data.site if isinstance(owner.data, Object) else None
    if not isinstance(node, s.ClassDef) or "__init__" in node.methods():
        return False
    named = any(str(parent.data).endswith("NamedTuple") for base in owner.data.data[2] for parent in base)
    options = [arg.keyword for x in node.decorators if isinstance(x, s.Call) for arg in x.args]
    return not named and "frozen" not in options


def _element(held: Stored, item: Object, owner: Object, key: str) -> Stored:
    """The binding of what holds an object, read as the binding of that object."""
    node = _attribute(held.node, key) if owner.kind is Kind.INSTANCE else _subscript(held.node, owner, key)
    return replace(held, item=item, owner=owner, key=key, node=node)


def _attribute(node: s.Node, name: str) -> s.Attribute:
    made = s.Attribute()
    made.origin, made.parent, made.store = None, node.parent, True
    made.value, made.name = _name_of(node), name
    return made


def _subscript(node: s.Node, owner: Object, key: str) -> s.Subscript:
    made = s.Subscript()
    made.origin, made.parent, made.store = None, node.parent, True
    made.value = _name_of(node)
    index = s.Literal()
    index.origin, index.parent = None, made
    index.value = int(key) if owner.kind is Kind.SEQUENCE else key
    made.index = [index]
    return made


def _name_of(node: s.Node) -> s.Expression:
    if isinstance(node, s.Parameter):
        return name_node(node.name, node)
    assert isinstance(node, s.Expression)
    return node


def name_node(name: str, like: s.Node) -> s.Name:
    """Make a name that stands where another node does."""
    node = s.Name()
    node.id, node.store, node.origin, node.parent = name, True, like.origin, like.parent
    return node


def place_text(module: Module, node: s.Node) -> str:
    """Give the text of a place that holds an object; of an element in the quotes that the module uses for its key."""
    if isinstance(node, s.Name):
        return node.id
    if isinstance(node, s.Subscript) and node.origin is None:
        (index,) = node.index
        assert isinstance(index, s.Literal)
        key = index.value
        written = next((module.text(x) for x in module.nodes(s.Literal) if x.value == key), repr(key))
        return f"{place_text(module, node.value)}[{written}]"
    if isinstance(node, s.Attribute) and node.origin is None:
        return f"{place_text(module, node.value)}.{node.name}"
    return module.text(node)


def binding_frame(event: Event) -> Frame:
    """Give the activation whose variable a binding is about."""
    if isinstance(event, Stored) and isinstance(event.node, s.Parameter) and isinstance(event.owner, Frame):
        return event.owner  # it is bound from the frame of the call
    return event.frame


def _is_rebindable(event: Stored) -> bool:
    owner = event.owner
    if isinstance(event.frame.node, s.ClassDef):
        return False  # what a class body binds is there before any instance
    if isinstance(event.node, (s.Name, s.Parameter)):
        return isinstance(owner, Frame) and (owner is binding_frame(event) or _at_module(owner))
    if isinstance(event.node, s.Attribute):
        return (
            isinstance(event.node.value, s.Name)
            and isinstance(owner, Object)
            and owner.kind in (Kind.INSTANCE, Kind.MODEL)
        )
    return isinstance(event.node, s.Subscript) and event.key != "*"


def _at_module(frame: Frame) -> bool:
    return isinstance(frame.node, s.Root)


def _free_name(components: Components, item: Object) -> dict[Frame, Event]:
    """A name that the file uses and does not define: it is there before the first statement."""
    if item.kind is Kind.OPAQUE and item.data.__class__ is tuple and item.data[0] == "name":
        events = components.by_item.get(item, [])
        return {frame: event for event in events[:1] for frame in event.frame.chain() if _at_module(frame)}
    return {}
