"""Examples: CUDA tensor types."""

from __future__ import annotations

from migrator.rules.examples.frame import SETUP, STEP
from migrator.rules.rule import Example

EXAMPLES = {
    "legacy-cuda-tensor": (
        Example(
            "a constructor by its full name",
            "noise = torch.cuda.FloatTensor(8, 4)",
            "noise = torch.FloatTensor(8, 4).to(accelerator.device)",
            frame=STEP,
        ),
        Example(
            "an alias that depends on a flag",
            "Tensor = torch.cuda.FloatTensor if torch.cuda.is_available() else torch.FloatTensor\nones = Tensor(8, 1).fill_(1.0)",
            "Tensor = torch.FloatTensor\nones = Tensor(8, 1).to(accelerator.device).fill_(1.0)",
            frame=SETUP,
        ),
        Example(
            "a conversion",
            "z = x.type(torch.cuda.FloatTensor)",
            "z = x.to(accelerator.device, torch.float32)",
            frame=STEP,
        ),
        Example("a type of the CPU", "ones = torch.FloatTensor(8, 1)", frame=SETUP),
        Example("a conversion to a dtype", "z = x.type(torch.float32)", frame=STEP),
        Example("a class of that name", "class FloatTensor:\n    pass\n\nFloatTensor()", frame=SETUP),
    ),
}
