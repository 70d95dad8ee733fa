"""The closed sets of words that users pass and compare with."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, EnumMeta


class _Contains(EnumMeta):
    """``"bf16" in PrecisionType`` asks by value; Python does so itself only since 3.12."""

    def __contains__(cls, item: object) -> bool:
        return item in cls._value2member_map_  # members are equal to their values


class Kind(str, Enum, metaclass=_Contains):
    """A word from a closed set: equal to its text, and printed as it."""

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def list(cls) -> Sequence[str]:
        """List the words of the set."""
        return [member.value for member in cls]


class DistributedType(Kind):
    """How the processes of a run work together.

    Only ``NO``, ``MULTI_CPU`` and ``MULTI_GPU`` occur here; the rest are names that scripts compare with.
    """

    NO = "NO"
    MULTI_CPU = "MULTI_CPU"
    MULTI_GPU = "MULTI_GPU"
    MULTI_HPU = "MULTI_HPU"
    MULTI_MLU = "MULTI_MLU"
    MULTI_MUSA = "MULTI_MUSA"
    MULTI_NEURON = "MULTI_NEURON"
    MULTI_NPU = "MULTI_NPU"
    MULTI_SDAA = "MULTI_SDAA"
    MULTI_XPU = "MULTI_XPU"
    DEEPSPEED = "DEEPSPEED"
    FSDP = "FSDP"
    XLA = "XLA"
    MEGATRON_LM = "MEGATRON_LM"


class PrecisionType(Kind):
    """What a forward pass computes in."""

    NO = "no"
    FP8 = "fp8"
    FP16 = "fp16"
    BF16 = "bf16"


class RNGType(Kind):
    """Which random stream to make equal on all processes."""

    TORCH = "torch"
    CUDA = "cuda"
    GENERATOR = "generator"


class LoggerType(Kind):
    """Which experiment tracker to log to; ``JSONL`` is this runtime's own, a file of JSON lines."""

    ALL = "all"
    AIM = "aim"
    TENSORBOARD = "tensorboard"
    WANDB = "wandb"
    TRACKIO = "trackio"
    COMETML = "comet_ml"
    MLFLOW = "mlflow"
    CLEARML = "clearml"
    DVCLIVE = "dvclive"
    SWANLAB = "swanlab"
    JSONL = "jsonl"


class DDPCommunicationHookType(Kind):
    """How gradients are compressed before they are averaged."""

    NO = "no"
    FP16 = "fp16"
    BF16 = "bf16"
    POWER_SGD = "power_sgd"
    BATCHED_POWER_SGD = "batched_power_sgd"


class DynamoBackend(Kind):
    """What ``torch.compile`` compiles with."""

    NO = "NO"
    EAGER = "EAGER"
    AOT_EAGER = "AOT_EAGER"
    INDUCTOR = "INDUCTOR"
    AOT_TS_NVFUSER = "AOT_TS_NVFUSER"
    NVPRIMS_NVFUSER = "NVPRIMS_NVFUSER"
    CUDAGRAPHS = "CUDAGRAPHS"
    OFI = "OFI"
    FX2TRT = "FX2TRT"
    ONNXRT = "ONNXRT"
    TENSORRT = "TENSORRT"
    AOT_TORCHXLA_TRACE_ONCE = "AOT_TORCHXLA_TRACE_ONCE"
    TORCHXLA_TRACE_ONCE = "TORCHXLA_TRACE_ONCE"
    TVM = "TVM"
    HPU_BACKEND = "HPU_BACKEND"
    NEURON = "NEURON"
