"""The states of all random streams: of torch on each device, of Python, of numpy."""

from __future__ import annotations

import base64
import hashlib
import pickle
import random
import sys
from ctypes import string_at
from typing import Any

import torch

State = dict[str, bytes]
_MERSENNE_BYTES = 2500  # 624 words, and the position among them


class Reader:
    """Reads the states; one that has not changed since it was last read is not decoded again."""

    def __init__(self) -> None:
        self._python: tuple[object, ...] = ()
        self._python_bytes = b""
        self._numpy = b""
        self._numpy_bytes = b""
        self._numpy_keeps = False  # the second of two normal numbers that were drawn together

    def read(self) -> State:
        """Give the state of every stream; reading draws nothing and makes no device wait."""
        state = {"torch": _bytes(torch.get_rng_state()), "python": self._read_python()}
        if "numpy" in sys.modules:
            state["numpy"] = self._read_numpy(sys.modules["numpy"].random)
        if torch.cuda.is_initialized():
            state["cuda"] = _bytes(torch.cuda.get_rng_state())
        return state

    def _read_python(self) -> bytes:
        state = random.getstate()
        if state != self._python:
            self._python, self._python_bytes = state, pickle.dumps(state)
        return self._python_bytes

    def _read_numpy(self, numpy: Any) -> bytes:
        """Look into numpy's memory first, where it tells of it: it takes long to give a state."""
        generator: Any = numpy.get_bit_generator() if hasattr(numpy, "get_bit_generator") else None  # since 1.24
        told = string_at(generator.ctypes.state_address, _MERSENNE_BYTES) if type(generator) is numpy.MT19937 else b""
        if told != self._numpy or not told or self._numpy_keeps:
            state = numpy.get_state(legacy=False)
            self._numpy, self._numpy_bytes = told, pickle.dumps(state)
            self._numpy_keeps = bool(state["has_gauss"])
        return self._numpy_bytes


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
    return string_at(tensor.data_ptr(), tensor.numel())  # numpy, which has a method for it, may not be there


def _tensor(data: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
