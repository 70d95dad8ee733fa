"""The states of all random streams: of torch on each device, of Python, of numpy."""

from __future__ import annotations

import base64
import ctypes
import hashlib
import pickle
import random
import sys
from typing import Any

import torch

State = dict[str, bytes]


class Reader:
    """Reads the states; what has not changed since it was last read is not written out anew."""

    def __init__(self) -> None:
        self._python: tuple[Any, ...] = ()
        self._python_bytes = b""

    def read(self) -> State:
        """Give the state of every stream; reading draws nothing and makes no device wait."""
        python = random.getstate()
        if python != self._python:
            self._python, self._python_bytes = python, pickle.dumps(python)
        state = {"torch": _bytes(torch.get_rng_state()), "python": self._python_bytes}
        if "numpy" in sys.modules:
            state["numpy"] = pickle.dumps(sys.modules["numpy"].random.get_state())
        if torch.cuda.is_initialized():
            state["cuda"] = _bytes(torch.cuda.get_rng_state())
        return state


def digest(state: State) -> str:
    """Give a digest of all states."""
    return hashlib.blake2b(b"".join(state.values()), digest_size=8).hexdigest()


def restore(state: State) -> None:
    """Put every stream where it was."""
    torch.set_rng_state(_tensor(state["torch"]))
    random.setstate(pickle.loads(state["python"]))
    if "numpy" in state:
        sys.modules["numpy"].random.set_state(pickle.loads(state["numpy"]))
    if "cuda" in state:
        torch.cuda.set_rng_state(_tensor(state["cuda"]))


def seed(number: int) -> None:
    """Start every stream from the same number; a script that seeds itself does so afterwards."""
    random.seed(number)
    torch.manual_seed(number)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(number)


def encode(state: State) -> str:
    """Write states as text."""
    return base64.b64encode(pickle.dumps(state)).decode()


def decode(text: str) -> State:
    """Read what `encode` wrote."""
    state: State = pickle.loads(base64.b64decode(text))
    return state


def _bytes(tensor: torch.Tensor) -> bytes:
    return ctypes.string_at(tensor.data_ptr(), tensor.numel())  # numpy, which has a method for it, may not be there


def _tensor(data: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
