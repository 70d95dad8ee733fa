"""Data parallelism spelled out, as a reference for two processes: plain torch, the *original* script, no Accelerator.

Each process runs the original on the batches that the migrated script was given there, with the random streams as they
were when these batches were read. After every backward, the gradients of all optimizers are averaged over the processes,
and buffers such as running statistics are taken from process 0. A schedule in batches advances once for each process.
"""

from __future__ import annotations

import weakref
from collections import defaultdict, deque
from typing import Any

import torch
import torch.distributed as dist
from torch.optim.lr_scheduler import LRScheduler

from tests.oracle.trace import Fetch, Trace
from tests.oracle.tracer import Tracer, parameters_of, set_random_state


def take_part(tracer: Tracer, recorded: Trace, schedule_in_batches: bool) -> None:
    """Make this process one of several that train the original together.

    Args:    recorded: the run of the migrated script on this process.
    """
    dist.init_process_group("gloo")
    replay_batches(tracer, recorded)
    average_gradients(tracer)
    if schedule_in_batches:
        repeat_schedule(dist.get_world_size())


def replay_batches(tracer: Tracer, recorded: Trace) -> None:
    """Read the recorded batches in the recorded passes, whatever the samplers say."""
    batches: defaultdict[int, deque[Fetch]] = defaultdict(deque)
    for fetch in recorded.of(Fetch):
        batches[fetch.walk].append(fetch)

    def next_indices(iterator: Any, walk: int) -> Any:
        if not batches[walk]:
            raise StopIteration
        fetch = batches[walk].popleft()
        set_random_state(fetch.random)
        return list(fetch.indices)

    tracer.next_indices = next_indices


def average_gradients(tracer: Tracer) -> None:
    """Average after every backward."""
    made: list[torch.optim.Optimizer] = []
    construct = torch.optim.Optimizer.__init__
    buffers: list[tuple[weakref.ref[torch.nn.Module], str]] = []
    register = torch.nn.Module.register_buffer

    def note_optimizer(optimizer: Any, *args: Any, **kwargs: Any) -> None:
        construct(optimizer, *args, **kwargs)
        made.append(optimizer)

    def note_buffer(module: Any, name: str, *args: Any, **kwargs: Any) -> None:
        register(module, name, *args, **kwargs)
        buffers.append((weakref.ref(module), name))

    def average() -> None:
        parameters = {id(parameter): parameter for optimizer in made for parameter in parameters_of(optimizer)}
        for parameter in parameters.values():
            if parameter.grad is not None:
                dist.all_reduce(parameter.grad)
                parameter.grad /= dist.get_world_size()
        for reference, name in buffers:
            module = reference()
            if module is not None and module.training and getattr(module, name) is not None:
                dist.broadcast(getattr(module, name).data, 0)

    torch.optim.Optimizer.__init__ = note_optimizer
    torch.nn.Module.register_buffer = note_buffer
    tracer.after_backward = average


def repeat_schedule(times: int) -> None:
    """Let each call of a scheduler's ``step`` count for every process, but never beyond its end."""
    start, step = LRScheduler._initial_step, LRScheduler.step
    begun: weakref.WeakSet[LRScheduler] = weakref.WeakSet()

    def repeated(scheduler: Any, *args: Any, **kwargs: Any) -> None:
        for _ in range(times if scheduler in begun else 1):
            if scheduler.last_epoch + 1 < getattr(scheduler, "total_steps", float("inf")):
                step(scheduler, *args, **kwargs)

    def begin(scheduler: Any) -> None:
        start(scheduler)
        begun.add(scheduler)

    LRScheduler._initial_step = begin
    LRScheduler.step = repeated
