"""Profiling a piece of a script, with one trace for each process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch.profiler

from runtime.backend import Single
from runtime.handler import ProfileKwargs

_ACTIVITIES = {name: name.upper() for name in ("cpu", "cuda", "xpu", "mtia", "hpu")}


def _activity(name: str) -> torch.profiler.ProfilerActivity:
    found = getattr(torch.profiler.ProfilerActivity, _ACTIVITIES.get(name, ""), None)
    if found is None:
        raise ValueError(f"Invalid profiler activity: {name}. Must be one of {list(_ACTIVITIES)}.")
    return found


def build(handler: ProfileKwargs) -> torch.profiler.profile:
    """Make the profiler that a handler describes.

    Raises:  ValueError on an unknown activity.
    """
    return torch.profiler.profile(
        activities=None if handler.activities is None else [_activity(name) for name in handler.activities],
        schedule=None if handler.schedule_option is None else torch.profiler.schedule(**handler.schedule_option),
        on_trace_ready=handler.on_trace_ready,
        record_shapes=handler.record_shapes,
        profile_memory=handler.profile_memory,
        with_stack=handler.with_stack,
        with_flops=handler.with_flops,
        with_modules=handler.with_modules,
    )


@contextmanager
def profile(handler: ProfileKwargs, backend: Single) -> Iterator[Any]:
    """Profile the body; afterwards each process writes its trace, if the handler names a folder."""
    with build(handler) as profiler:
        yield profiler
    if handler.output_trace_dir is not None:
        os.makedirs(handler.output_trace_dir, exist_ok=True)
        profiler.export_chrome_trace(os.path.join(handler.output_trace_dir, f"profile_{backend.world.rank}.json"))
        backend.barrier()
