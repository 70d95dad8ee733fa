"""Run a training script and write down every loss that it calls backward on: record.py SCRIPT FOLDER.

Each process writes FOLDER/<rank>.json, a list of floats. Nothing else about the script changes.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import torch


def record(script: Path, folder: Path) -> None:
    """Run ``script`` as the main module with a seed, and record its losses."""
    losses: list[float] = []
    original = torch.Tensor.backward

    def backward(self: torch.Tensor, *args: Any, **keywords: Any) -> None:
        if self.numel() == 1:
            losses.append(self.item())
        original(self, *args, **keywords)

    torch.Tensor.backward = backward  # type: ignore[method-assign]
    torch.manual_seed(0)
    sys.argv = [str(script)]
    sys.path[0] = str(script.parent)
    runpy.run_path(str(script), run_name="__main__")
    rank = os.environ.get("RANK", "0")
    (folder / f"{rank}.json").write_text(json.dumps(losses))


if __name__ == "__main__":
    record(Path(sys.argv[1]), Path(sys.argv[2]))
