"""The states of all random streams: of torch on each device, of Python, of numpy."""

from __future__ import annotations

import base64
import hashlib
import pickle
import random
import sys
from typing import Any

import torch

State = dict[str, Any]


def read() -> tuple[str, State]:
    """Give a digest of the states, and the states; reading draws nothing and makes no device wait."""
    state: State = {"torch": torch.get_rng_state().numpy(force=True).tobytes(), "python": random.getstate()}
    if "numpy" in sys.modules:
        state["numpy"] = sys.modules["numpy"].random.get_state()
    if torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state().numpy(force=True).tobytes()
    return hashlib.blake2b(pickle.dumps(state), digest_size=8).hexdigest(), state


def restore(state: State) -> None:
    """Put every stream where it was."""
    torch.set_rng_state(_tensor(state["torch"]))
    random.setstate(state["python"])
    if "numpy" in state:
        sys.modules["numpy"].random.set_state(state["numpy"])
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


def _tensor(data: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
