"""Calls of `torch.cuda` that stay as they are."""

from __future__ import annotations

from typing import Any

from migrator.rules.advice import AdviceRule, Sites, calls_of, enclosing, shown
from migrator.rules.change import Level
from migrator.source import syntax as s
from migrator.training.training import Training

# these raise, or say nothing, where there is no CUDA device
_NEEDS_CUDA = (
    r"torch\.cuda\.(synchronize|current_stream|reset_\w+|get_device_(name|properties|capability)|current_device|mem_get_info"
    r"|utilization|Event|nvtx\.\w+)"
)


class CudaOnly(AdviceRule):
    """Say where the script needs a CUDA device besides the one that it trains on.

    What: `torch.cuda.synchronize()`, `torch.cuda.Event(...)`, `torch.cuda.reset_peak_memory_stats()` outside of any
    `if torch.cuda.is_available():`.
    Why: the migrated script runs without a GPU as well, and would fail there. Calls that do nothing without one, such as
    `empty_cache()`, are not mentioned.
    Safety: nothing is edited.
    Source: torch.cuda.
    """

    code = "MIG804"
    name = "cuda-only"
    level = Level.NOTE
    once = True
    reason = "on a machine without a CUDA device it raises"
    help = 'put it under `if accelerator.device.type == "cuda":`'

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, _NEEDS_CUDA):
            if not _is_guarded(training, call):
                yield call, f"`{shown(training, call)}` needs a CUDA device"


class CudaStreams(AdviceRule):
    """Report streams and graphs of CUDA.

    What: `torch.cuda.Stream()`, `torch.cuda.CUDAGraph()`, `torch.cuda.graph(g)`.
    Why: a prepared model's backward talks to the other processes on streams of its own, and its loader copies on another.
    Safety: nothing is edited.
    Source: torch.nn.parallel.DistributedDataParallel; torch.cuda.graphs.
    """

    code = "MIG804"
    name = "cuda-streams"
    reason = "a prepared model and loader use streams of their own, which this one does not wait for"
    help = "check what waits for what, or leave the stream to PyTorch"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(
            training, r"torch\.cuda\.(streams\.|graphs\.)?(Stream|stream|CUDAGraph|graph|make_graphed_callables)"
        ):
            yield call, f"`{shown(training, call)}` works on a stream of its own"


class DeviceCount(AdviceRule):
    """Say where GPUs are counted.

    What: `torch.cuda.device_count()`.
    Why: each process counts all GPUs of its machine, and uses one.
    Safety: nothing is edited. Where it only decides whether to wrap the model in DataParallel, nothing is said.
    Source: torch.cuda.device_count; Accelerate's `num_processes`.
    """

    code = "MIG802"
    name = "device-count"
    level = Level.NOTE
    reason = "each process counts all GPUs of its machine, and uses one"
    help = "where the number of processes is meant, use `accelerator.num_processes`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.cuda\.device_count"):
            if not _is_test(call):
                yield call, f"`{shown(training, call)}` is left as it is"


class DeviceGenerator(AdviceRule):
    """Report random generators on a CUDA device.

    What: `torch.Generator(device="cuda")`, handed to a loader or a sampler.
    Why: a loader draws its order on the CPU; where the script runs without a GPU there is no such generator.
    Safety: nothing is edited.
    Source: torch.Generator.
    """

    code = "MIG806"
    name = "device-generator"
    reason = "a loader draws its order on the CPU, and all processes must draw the same one"
    help = "use `torch.Generator()` for loaders and samplers"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.Generator"):
            device = call.argument(0, "device")
            text = training.module_of(call).text(device) if device is not None else ""
            if "cuda" in text or "gpu" in text:
                yield call, f"`{shown(training, call)}` draws on a GPU"


def _is_guarded(training: Training, node: Any) -> bool:
    """Whether code runs only where the script asked for a GPU, one way or another."""
    tests = [owner.test for owner in enclosing(node, s.If)]
    tests += [part.test for part in enclosing(node, s.Conditional)]
    return any(training.devices.is_flag(test) or _asks_for_cuda(x) for test in tests for x in test.walk())


def _asks_for_cuda(node: s.Node) -> bool:
    return (isinstance(node, s.Literal) and isinstance(node.value, str) and "cuda" in node.value) or (
        isinstance(node, s.Attribute) and node.name == "is_available"
    )


def _is_test(node: Any) -> bool:
    return any(node in set(owner.test.walk()) for owner in enclosing(node, (s.If, s.Conditional)))


RULES: tuple[type[AdviceRule], ...] = (CudaOnly, CudaStreams, DeviceCount, DeviceGenerator)
