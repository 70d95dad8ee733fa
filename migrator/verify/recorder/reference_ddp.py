"""Data parallelism spelled out, as a reference for several processes: plain torch, the *original* script, no Accelerator.

Each process runs the original on the batches that the migrated script was given there, with the random streams as they
were when these batches were read. After every backward, the gradients are averaged over the processes, and buffers such
as running statistics are taken from process 0. A schedule in batches advances once for each process.

Or one process takes the batches of all as one, and nothing is averaged: what a loss that is a mean over samples makes the
same, and what batch normalisation or dropout does not.

The processes meet in a group of their own, not in torch's default one: the original must not see that it is not alone.
"""

from __future__ import annotations

import weakref
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from migrator.verify.recorder import streams
from migrator.verify.recorder.backward import BackwardWatch
from migrator.verify.recorder.loaders import Loaders
from migrator.verify.recorder.options import Options
from migrator.verify.recorder.schedules import Schedules
from migrator.verify.trace import Fetch, Streams, from_line

_PATIENCE = timedelta(hours=12)  # the parent has its own limit


def take_part(options: Options, backward: BackwardWatch, loaders: Loaders, schedules: Schedules) -> None:
    """Make this process one of several that train the original together."""
    schedules.times = lambda number: options.world if number in options.repeated else 1
    if options.joined:
        _replay_batches(loaders, *_joined(options.joined))
        return
    _replay_batches(loaders, *_recorded(options.recorded))
    store = dist.FileStore(options.store, options.world)
    _average_gradients(backward, dist.ProcessGroupGloo(store, options.rank, options.world, _PATIENCE))


Batches = dict[int, deque[Fetch]]  # of each pass
States = dict[str, streams.State]  # of the random streams, by their digests


def _recorded(path: str) -> tuple[Batches, States]:
    """Read what a process was given."""
    batches: defaultdict[int, deque[Fetch]] = defaultdict(deque)
    states: States = {}
    state: streams.State = {}
    for line in Path(path).read_text(encoding="utf-8").split("\n")[:-1]:
        event = from_line(line)
        if isinstance(event, Fetch):
            batches[event.walk].append(event)
        elif isinstance(event, Streams):
            states[event.digest] = state = {**state, **streams.decode(event.changed)}
    return batches, states


def _joined(paths: Sequence[str]) -> tuple[Batches, States]:
    """Read what all processes were given, the batches of each step as one; what all read alike is read once."""
    (first, states), *others = map(_recorded, paths)
    for walk, batches in first.items():
        rows = [batches, *(found[walk] for found, _ in others)]
        if any(one.indices != other.indices for one, other in zip(batches, rows[-1], strict=False)):
            first[walk] = deque(
                replace(row[0], indices=tuple(i for fetch in row for i in fetch.indices))
                for row in zip(*rows, strict=False)
            )
    return first, states


def _replay_batches(loaders: Loaders, batches: Batches, states: States) -> None:
    """Read the recorded batches in the recorded passes, whatever the samplers say; a stream goes its own way."""
    own = loaders.next_indices

    def next_indices(iterator: Any, walk: int) -> object:
        if not batches[walk]:
            raise StopIteration
        fetch = batches[walk].popleft()
        if fetch.size is None:
            return own(iterator, walk)
        streams.restore(states[fetch.streams])
        return list(fetch.indices) if iterator._auto_collation else fetch.indices[0]

    loaders.next_indices = next_indices


def _average_gradients(backward: BackwardWatch, group: Any) -> None:
    """Average after every backward."""
    buffers: list[tuple[weakref.ref[torch.nn.Module], str]] = []
    register = torch.nn.Module.register_buffer

    def note_buffer(module: object, name: str, *args: object, **options: object) -> None:
        register(module, name, *args, **options)
        buffers.append((weakref.ref(module), name))

    def average(parameters: list[torch.Tensor]) -> None:
        for parameter in parameters:
            if parameter.grad is not None:
                if parameter.grad.layout is not torch.strided:
                    parameter.grad = parameter.grad.to_dense()
                gradient = parameter.grad.contiguous()  # channels-last, say, is not what a group wants
                group.allreduce([gradient]).wait()
                parameter.grad.copy_(gradient / group.size())
        for reference, name in buffers:
            module = reference()
            buffer = getattr(module, name, None)
            if module is not None and module.training and buffer is not None:
                group.broadcast([buffer.data], dist.BroadcastOptions()).wait()

    torch.nn.Module.register_buffer = note_buffer
    backward.after = average
