"""What a launcher wrote into the environment variables; the only place that reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.errors import SettingsError
from runtime.slurm import read_place

_TRUE = {"1", "true", "yes", "on", "y", "t"}
_FALSE = {"", "0", "false", "no", "off", "n", "f"}

_ENGINES = {
    "DeepSpeed": "ACCELERATE_USE_DEEPSPEED",
    "FSDP": "ACCELERATE_USE_FSDP",
    "Megatron-LM": "ACCELERATE_USE_MEGATRON_LM",
    "parallelism of other kinds than data": "ACCELERATE_USE_PARALLELISM_CONFIG",
}


def _number(variables: Mapping[str, str], name: str) -> int | None:
    text = variables.get(name, "").strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"The environment variable {name} is {text!r}; it has to be a whole number.") from None


def _flag(variables: Mapping[str, str], name: str) -> bool:
    text = variables.get(name, "").strip().lower()
    if text not in _TRUE | _FALSE:
        raise SettingsError(f"The environment variable {name} is {text!r}; it has to be true or false.")
    return text in _TRUE


@dataclass(frozen=True, slots=True)
class Environment:
    """The place of this process as ``torchrun`` or SLURM's ``srun`` tells it, and the defaults that ``accelerate launch`` sets."""

    world_size: int = 1
    rank: int | None = None
    local_rank: int | None = None
    has_address: bool = False  # of the process that the others meet at
    use_cpu: bool = False
    debug: bool = False
    mixed_precision: str | None = None
    accumulation_steps: int | None = None
    log_level: str | None = None
    engine: str | None = None  # that `accelerate launch` was told to use
    device: str | None = None  # for every process, such as "cuda:1"
    compile_with: str | None = None  # the rest of the variables for torch.compile is `read_compilation`'s
    local_world_size: int | None = None
    meeting_place: str | None = None  # where torch does not find it in the variables itself
    restarts: int = 0  # of all processes, by torchrun on one machine; unknown on several
    has_own_gpu: bool = False  # the launcher shows every process one GPU, another to each

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] | None = None) -> Environment:
        """Read the variables, ``os.environ`` by default.

        Raises:  SettingsError when a variable holds neither a number nor a truth value where one is due.
        Source:  pytorch.org/docs/stable/elastic/run.html (environment variables).
        """
        variables = os.environ if variables is None else variables
        slurm = read_place(variables)
        variables = {**variables, **slurm}
        nodes = _number(variables, "GROUP_WORLD_SIZE")
        return cls(
            world_size=_number(variables, "WORLD_SIZE") or 1,
            rank=_number(variables, "RANK"),
            local_rank=_number(variables, "LOCAL_RANK"),
            has_address=bool(variables.get("MASTER_ADDR")),
            use_cpu=_flag(variables, "ACCELERATE_USE_CPU"),
            engine=next((name for name, sets in _ENGINES.items() if _flag(variables, sets)), None),
            device=variables.get("ACCELERATE_TORCH_DEVICE") or None,
            debug=_flag(variables, "ACCELERATE_DEBUG_MODE"),
            mixed_precision=variables.get("ACCELERATE_MIXED_PRECISION") or None,
            accumulation_steps=_number(variables, "ACCELERATE_GRADIENT_ACCUMULATION_STEPS"),
            log_level=variables.get("ACCELERATE_LOG_LEVEL") or None,
            compile_with=variables.get("ACCELERATE_DYNAMO_BACKEND") or None,
            local_world_size=_number(variables, "LOCAL_WORLD_SIZE"),
            meeting_place="tcp://{MASTER_ADDR}:{MASTER_PORT}".format(**slurm) if slurm else None,
            restarts=_number(variables, "TORCHELASTIC_RESTART_COUNT") or 0 if nodes == 1 else 0,
            has_own_gpu=bool(slurm) and variables.get("SLURM_GPUS_PER_TASK") == "1",
        )


def read_compilation(variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read how to compile, as ``accelerate launch`` sets it: the fields of a TorchDynamoPlugin.

    Raises:  SettingsError when a variable holds no truth value where one is due.
    """
    variables = os.environ if variables is None else variables
    prefix = "ACCELERATE_DYNAMO_"
    return {
        "backend": variables.get(prefix + "BACKEND") or "no",
        "mode": variables.get(prefix + "MODE") or "default",
        "fullgraph": _flag(variables, prefix + "USE_FULLGRAPH"),
        "dynamic": _flag(variables, prefix + "USE_DYNAMIC") if prefix + "USE_DYNAMIC" in variables else None,
        "use_regional_compilation": _flag(variables, prefix + "USE_REGIONAL_COMPILATION"),
    }
