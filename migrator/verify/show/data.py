"""The result as one JSON document.

``schema`` is raised where a key goes or changes its meaning; a new key leaves it. Numbers are written so that reading
them gives the same bits; what is no number in JSON is one of the strings "nan", "inf" and "-inf"; where a run did not
get to a step, it has null. Texts are as they were found, with whatever they hold.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from migrator.verify.result import Hunk, Result

SCHEMA = 1


def _plain(value: object) -> Any:
    match value:
        case Enum():
            return value.value
        case float():
            return value if math.isfinite(value) else str(value)
        case tuple():
            return [_plain(one) for one in value]
        case Hunk():
            edits = [{"code": code, "message": message} for code, message in value.edits]
            return {"file": value.file, "lines": list(value.lines), "edits": edits}
        case _ if is_dataclass(value):
            return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value


def render(result: Result) -> str:
    """Write a result with all that was found."""
    document = {"schema": SCHEMA, "outcome": result.outcome.value, **_plain(result)}
    document["versions"] = dict(result.versions)
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
