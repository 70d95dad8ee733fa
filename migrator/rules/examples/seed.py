"""Examples: random seeds."""

from __future__ import annotations

from migrator.rules.examples.frame import SETUP, STEP
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

EXAMPLES = {
    "seed": (
        Example("a seed", "torch.manual_seed(1)", reviews="MIG701", at="manual_seed", frame=SETUP),
        Example(
            "another library's, under another name",
            "from random import seed as start\nstart(3)",
            reviews="MIG701",
            at="start(3)",
            frame=SETUP,
        ),
        Example("a separate generator", "draw = torch.Generator().manual_seed(1)", frame=SETUP),
        Example("a seed for each process", "local_rank = 0\ntorch.manual_seed(1 + local_rank)", frame=SETUP),
        Example("a variable of that name", "seed = 3", frame=SETUP),
        Example("numbers that are drawn", "noise = torch.rand(3)", frame=STEP),
        Example("a script without training", INFERENCE),
    ),
}
