"""How a model's own code names the device that it is on, without an Accelerator: by its weights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrator.inference.interpreter import Interpreter
from migrator.inference.objects import Kind, Object
from migrator.source import syntax as s
from migrator.training.position import CodeScope, class_of

_WEIGHT = re.compile(r"torch\.nn\.(\w+\.)*(Linear|Conv\w+|Embedding(Bag)?)$")  # these have a `weight` in any case
_WEIGHTS = re.compile(
    r"torch\.nn\.(\w+\.)*(Bilinear|\w*Linear|\w*Conv\w+|Embedding(Bag)?|RNN|LSTM|GRU|\w+Cell|MultiheadAttention"
    r"|Transformer\w*|PReLU)$|torchvision\.models\."
)
_PARAMETER = re.compile(r"torch\.nn\.(parameter\.)?Parameter$")


def placed_by_weights(interpreter: Interpreter, scope: CodeScope) -> str | None:
    """Give what has a ``device`` in a method of a model whose constructor makes a part with weights; None elsewhere.

    Not in the constructor itself, where there may be none yet, and where they are not placed.
    """
    owner = class_of(scope)
    init = owner.methods().get("__init__") if owner is not None else None
    if owner is None or init is None or scope is init or not isinstance(scope, s.FunctionDef):
        return None
    classes = [x for x in interpreter.heap.those(Kind.CLASS) if x.site is owner]
    if not any(x.data in classes for x in interpreter.heap.those(Kind.MODEL)):
        return None
    found = [place for place in _parts(interpreter, init, scope.params[0].name, set(classes)) if place]
    return next((x for x in found if "(" not in x), found[0] if found else None)


def _parts(interpreter: Interpreter, init: s.FunctionDef, me: str, seen: set[Object]) -> Iterator[str | None]:
    """What a constructor surely keeps on the instance that says where it is, as another method reads it."""
    for statement in init.body.statements:
        if not isinstance(statement, s.Assign) or not isinstance(statement.value, s.Call):
            continue
        target = statement.targets[0]
        if isinstance(target, s.Attribute) and isinstance(target.value, s.Name):
            if target.value.id == init.params[0].name:
                yield _place(interpreter, statement.value, f"{me}.{target.name}", seen)


def _place(interpreter: Interpreter, made: s.Call, name: str, seen: set[Object]) -> str | None:
    """What says where a part is: a parameter, a layer's weight, or the first of a module's parameters; None if nothing."""
    callees = interpreter.trace.values.get(made.func, frozenset())
    words = [str(x.data) for x in callees if x.kind is Kind.LIBRARY]
    if not callees or len(words) not in (0, len(callees)):
        return None
    if words and all(map(_PARAMETER.match, words)):
        return name
    if words and all(map(_WEIGHT.match, words)):
        return f"{name}.weight"
    inner = words and all(_WEIGHTS.match(word) for word in words)
    return f"next({name}.parameters())" if inner or all(_has_weights(interpreter, x, seen) for x in callees) else None


def _has_weights(interpreter: Interpreter, item: Object, seen: set[Object]) -> bool:
    """Whether the constructor of a local module class makes a part with weights."""
    init = item.site.methods().get("__init__") if item.kind is Kind.CLASS and item not in seen else None
    return init is not None and any(_parts(interpreter, init, "self", seen | {item}))
