"""Random streams: one seed for all of them, and one state on all processes."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable

import torch

from runtime.backend import Single
from runtime.errors import SettingsError
from runtime.kind import RNGType


def set_seed(seed: int, device_specific: bool = False, deterministic: bool = False) -> None:
    """Seed Python, torch on every device, and numpy if the script has imported it.

    Args:    device_specific: give every process another seed.
             deterministic: also make torch refuse operations that are not deterministic.
    """
    if device_specific:
        from runtime.state import PartialState

        seed += PartialState().process_index
    random.seed(seed)
    torch.manual_seed(seed)  # all GPUs included
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if deterministic:
        torch.use_deterministic_algorithms(True)


def synchronize_rng_state(
    rng_type: RNGType | str | None = None, generator: torch.Generator | None = None, backend: Single | None = None
) -> None:
    """Take over one random state of process 0.

    Args:    generator: the stream that ``"generator"`` means.
             backend: by default this process's.
    Raises:  SettingsError if it is asked for and missing.
    """
    from runtime.state import own_backend

    backend = backend or own_backend()
    kind = RNGType(rng_type)
    if kind is RNGType.TORCH:
        torch.set_rng_state(backend.broadcast(torch.get_rng_state()))
    elif kind is RNGType.CUDA:
        torch.cuda.set_rng_state(backend.broadcast(torch.cuda.get_rng_state()))
    elif generator is None:
        raise SettingsError('rng_types holds "generator", but no generator was given.')
    else:
        generator.set_state(backend.broadcast(generator.get_state()))


def synchronize_rng_states(
    rng_types: Iterable[RNGType | str], generator: torch.Generator | None = None, backend: Single | None = None
) -> None:
    """Take over the random states of process 0; the arguments are those of `synchronize_rng_state`."""
    for rng_type in rng_types:
        synchronize_rng_state(rng_type, generator, backend)
