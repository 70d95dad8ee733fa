"""Calls of `torch.cuda`, which are reported and never changed."""

from __future__ import annotations

from migrator.rules.advice import AdviceRule, Sites, calls_of, enclosing, shown
from migrator.rules.severity import Effect
from migrator.source import syntax as s
from migrator.training.training import Training

# these raise, or say nothing, where there is no CUDA device
_NEEDS_CUDA = (
    r"torch\.cuda\.(synchronize|current_stream|reset_\w+|get_device_(name|properties|capability)|current_device|mem_get_info"
    r"|utilization|Event|nvtx\.\w+)"
)


class CudaOnly(AdviceRule):
    """Report calls that raise an error on a machine without a GPU.

    What: `torch.cuda.synchronize()`, `torch.cuda.Event(...)`, `torch.cuda.reset_peak_memory_stats()` outside of any
    `if torch.cuda.is_available():`.
    Why: the migrated script can run without a GPU, but would fail at this call. Calls that do nothing without a GPU, such
    as `empty_cache()`, are not reported.
    Safety: never edits.
    Source: torch.cuda.
    """

    code = "MIG804"
    name = "cuda-only"
    effect = Effect.NOTES
    once = True
    reason = "on a machine without a GPU it raises an error"
    help = 'put it under `if accelerator.device.type == "cuda":`'

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, _NEEDS_CUDA):
            if not _is_guarded(training, call):
                yield call, f"`{shown(training, call)}` needs a GPU"


class CudaStreams(AdviceRule):
    """Report CUDA streams and CUDA graphs.

    What: `torch.cuda.Stream()`, `torch.cuda.CUDAGraph()`, `torch.cuda.graph(g)`.
    Why: a prepared model communicates on separate CUDA streams, and a prepared loader copies on another one; the script's
    stream does not wait for them.
    Safety: never edits.
    Source: torch.nn.parallel.DistributedDataParallel; torch.cuda.graphs.
    """

    code = "MIG804"
    name = "cuda-streams"
    effect = Effect.REVIEWS
    reason = "a prepared model and loader use other CUDA streams, and this one does not wait for them, so it may read unfinished data"
    help = "synchronise the streams explicitly, or use the default stream"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(
            training, r"torch\.cuda\.(streams\.|graphs\.)?(Stream|stream|CUDAGraph|graph|make_graphed_callables)"
        ):
            yield call, f"`{shown(training, call)}` uses a separate CUDA stream"


class DeviceCount(AdviceRule):
    """Report `torch.cuda.device_count()`.

    What: `torch.cuda.device_count()`.
    Why: each process counts all GPUs of the machine, but uses one of them.
    Safety: never edits. A count in a condition, such as whether to use DataParallel, is not reported.
    Source: torch.cuda.device_count; Accelerate's `num_processes`.
    """

    code = "MIG802"
    name = "device-count"
    effect = Effect.NOTES
    reason = "harmless if the GPUs of the machine are meant: each process counts all of them, but uses one"
    help = "for the number of processes use `accelerator.num_processes`"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.cuda\.device_count"):
            if not _is_test(call):
                yield call, f"`{shown(training, call)}` was not changed"


class DeviceGenerator(AdviceRule):
    """Report random generators on a GPU.

    What: `torch.Generator(device="cuda")`, passed to a loader or a sampler.
    Why: a loader draws its order on the CPU, and on a machine without a GPU the generator cannot be created.
    Safety: never edits.
    Source: torch.Generator.
    """

    code = "MIG806"
    name = "device-generator"
    effect = Effect.REVIEWS
    reason = "a loader draws its order on the CPU, and on a machine without a GPU the generator cannot be created"
    help = "use `torch.Generator()` for loaders and samplers"

    def sites(self, training: Training) -> Sites:
        for call in calls_of(training, r"torch\.Generator"):
            device = call.argument(0, "device")
            text = training.module_of(call).text(device) if device is not None else ""
            if "cuda" in text or "gpu" in text:
                yield call, f"`{shown(training, call)}` draws its random numbers on a GPU"


def _is_guarded(training: Training, node: s.Node) -> bool:
    """Whether code runs only if the script has checked for a GPU."""
    tests = [owner.test for owner in enclosing(node, s.If)]
    tests += [part.test for part in enclosing(node, s.Conditional)]
    return any(training.devices.is_flag(test) or _asks_for_cuda(x) for test in tests for x in test.walk())


def _asks_for_cuda(node: s.Node) -> bool:
    return (isinstance(node, s.Literal) and isinstance(node.value, str) and "cuda" in node.value) or (
        isinstance(node, s.Attribute) and node.name == "is_available"
    )


def _is_test(node: s.Node) -> bool:
    tests = [*(x.test for x in enclosing(node, s.If)), *(x.test for x in enclosing(node, s.Conditional))]
    return any(node in set(test.walk()) for test in tests)


RULES: tuple[type[AdviceRule], ...] = (CudaOnly, CudaStreams, DeviceCount, DeviceGenerator)
