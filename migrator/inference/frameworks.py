"""Packages that drive a training themselves; a module of its own, which a run that parses nothing can afford."""

from __future__ import annotations

FRAMEWORKS = {
    "accelerate": "Hugging Face Accelerate",
    "lightning": "Lightning",
    "pytorch_lightning": "Lightning",
    "lightning_fabric": "Lightning Fabric",
    "deepspeed": "DeepSpeed",
    "ignite": "Ignite",
    "horovod": "Horovod",
    "fastai": "fastai",
    "composer": "Composer",
    "colossalai": "Colossal-AI",
    "torch_xla": "PyTorch/XLA",
    "fairscale": "FairScale",
    "catalyst": "Catalyst",
    "poptorch": "PopTorch",
    "megatron": "Megatron",
}
