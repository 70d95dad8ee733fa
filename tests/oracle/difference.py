"""The first place where two values differ."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def difference(first: Any, second: Any, tolerance: float = 0.0, place: str = "") -> str:
    """Name the first difference between two nested values; empty where there is none.

    Args:    tolerance: relative to the largest number in either array, for floating-point numbers and arrays;
                 with 0 they have to be equal to the last bit.
    """
    if type(first) is not type(second):
        return f"{place}: {_shown(first)} is now {_shown(second)}"
    if isinstance(first, np.ndarray):
        return _arrays(first, second, tolerance, place)
    if isinstance(first, float):
        return _arrays(np.array(first), np.array(second), tolerance, place)
    if is_dataclass(first):
        names = [one.name for one in fields(first)]
        return _all({n: getattr(first, n) for n in names}, {n: getattr(second, n) for n in names}, tolerance, place)
    if isinstance(first, dict):
        return _all(first, second, tolerance, place)
    if isinstance(first, (list, tuple)):
        if len(first) != len(second):
            return f"{place}: {len(first)} entries are now {len(second)}"
        return _all(dict(enumerate(first)), dict(enumerate(second)), tolerance, place)
    return "" if first == second else f"{place}: {_shown(first)} is now {_shown(second)}"


def _all(first: dict[Any, Any], second: dict[Any, Any], tolerance: float, place: str) -> str:
    if first.keys() != second.keys():
        lost, new = sorted(map(str, first.keys() - second.keys())), sorted(map(str, second.keys() - first.keys()))
        return f"{place}: without {lost}, and with {new}"
    found = (difference(first[key], second[key], tolerance, f"{place}.{key}".lstrip(".")) for key in first)
    return next(filter(None, found), "")


def _arrays(first: np.ndarray, second: np.ndarray, tolerance: float, place: str) -> str:
    if first.shape != second.shape or first.dtype != second.dtype:
        return f"{place}: {first.dtype}{first.shape} is now {second.dtype}{second.shape}"
    if first.tobytes() == second.tobytes():
        return ""
    if not np.issubdtype(first.dtype, np.floating):
        return f"{place}: other values"
    distance = float(np.max(np.abs(first.astype(float) - second.astype(float))))
    scale = float(max(np.max(np.abs(first)), np.max(np.abs(second))))
    if distance <= tolerance * scale:  # False for NaN too
        return ""
    return f"{place}: off by {distance:.3g} at a scale of {scale:.3g}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."
