"""How a model's own code names the device that it is on, without an Accelerator: by its parameters."""

from __future__ import annotations

import re
from typing import Any

from migrator.roles.role import Kind, Object
from migrator.roles.walk import Walk
from migrator.source import syntax as s
from migrator.training.position import class_of

_WEIGHTS = re.compile(
    r"torch\.nn\.(\w+\.)*(Parameter|Bilinear|\w*Linear|\w*Conv\w+|\w*BatchNorm\w*|LayerNorm|GroupNorm|Embedding(Bag)?"
    r"|RNN|LSTM|GRU|\w+Cell|MultiheadAttention|Transformer\w*|PReLU)$|torchvision\.models\."
)


def placed_by_weights(walk: Walk, scope: Any) -> str | None:
    """Give what has a ``device`` in a method of a model that surely has parameters; None elsewhere.

    Not in the constructor, where there may be none yet, and where they are not placed.
    """
    owner = class_of(scope)
    if owner is None or scope.name == "__init__":
        return None
    classes = [x for x in walk.heap.those(Kind.CLASS) if x.site is owner]
    made = [x for x in walk.heap.those(Kind.MODEL) if x.data in classes]
    if not made or not any(_has_weights(walk, x, set()) for x in classes):
        return None
    return f"next({scope.params[0].name}.parameters())"


def _has_weights(walk: Walk, item: Object, seen: set[Object]) -> bool:
    """Whether a class derives from something with parameters, or its constructor makes something that has them."""
    if item.kind is Kind.LIBRARY:
        return bool(_WEIGHTS.match(str(item.data)))
    if item.kind is not Kind.CLASS or item in seen:
        return False
    seen.add(item)
    init = item.site.methods().get("__init__")
    calls = [x for x in init.body.walk() if isinstance(x, s.Call)] if init is not None else []
    used = {x for call in calls for x in walk.log.values.get(call.func, ())}
    bases = {x for base in item.data[2] for x in base}
    return any(_has_weights(walk, x, seen) for x in used | bases)
