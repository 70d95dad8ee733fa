"""Which devices the runs may use."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

_ASK = "import torch; n = torch.cuda.device_count(); print(n); print(torch.cuda.get_device_name(0) if n else '')"
_SIGNS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg")  # NVIDIA, AMD, Windows' subsystem for Linux
_ASK_S = 120


@dataclass(frozen=True, slots=True)
class Devices:
    """Where the runs take place."""

    name: str
    alone_on_cpu: bool
    together_on_cpu: bool
    notes: tuple[str, ...] = ()

    def only(self, rank: int) -> dict[str, str]:
        """Give the variables that show one process the GPU of its rank alone: it is what a script on one GPU uses."""
        if self.together_on_cpu:
            return {}
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        return {"CUDA_VISIBLE_DEVICES": seen[rank] if rank < len(seen) and seen[rank] else str(rank)}


def find_devices(processes: int) -> Devices:
    """Use GPUs where there are any, for several processes where there is one for each."""
    count, name = _gpus()
    if not count:
        return Devices("cpu", True, True)
    if count < processes:
        note = f"{processes} processes ran on the CPU: there is no GPU for each of them here"
        return Devices(name, False, True, (note,))
    return Devices(name, False, False)


def _gpus() -> tuple[int, str]:
    """Ask torch in a separate process, if there is any sign of a GPU: importing it takes seconds."""
    if not any(map(os.path.exists, _SIGNS)) or os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return 0, ""
    asked = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, timeout=_ASK_S, check=False)
    count, _, name = asked.stdout.strip().partition("\n")
    return (int(count), name) if asked.returncode == 0 and count.isdigit() else (0, "")
