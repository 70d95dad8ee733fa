"""Examples: nn.DataParallel and its functions."""

from __future__ import annotations

from migrator.rules.examples.frame import MODEL, SETUP, STEP
from migrator.rules.examples.script import INFERENCE, MIGRATED
from migrator.rules.rule import Example

EXAMPLES = {
    "data-parallel": (
        Example(
            "on a separate line",
            "model = nn.Linear(4, 1).to(device)\nmodel = nn.DataParallel(model)  # all GPUs",
            "model = nn.Linear(4, 1)\n# all GPUs",
            frame=MODEL,
        ),
        Example(
            "around the model, under another name",
            "from torch.nn import DataParallel as DP\nmodel = DP(nn.Linear(4, 1)).cuda()",
            "from torch.nn import DataParallel as DP\nmodel = nn.Linear(4, 1)",
            frame=MODEL,
        ),
        Example(
            "on the way to a checkpoint",
            'model = nn.DataParallel(nn.Linear(4, 1))\nmodel.load_state_dict(torch.load("start.pt"))',
            reviews="MIG402",
            at="nn.DataParallel",
            frame=MODEL,
        ),
        Example("a model that is not wrapped", "model = nn.Linear(4, 1)", frame=MODEL),
        Example("a class of that name", "class DataParallel:\n    pass\n\nDataParallel()", frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "parallel-call": (
        Example(
            "a batch that is split over GPUs",
            "z = nn.parallel.data_parallel(nn.Linear(4, 1), x, range(2))",
            reviews="MIG402",
            at="data_parallel(",
            frame=STEP,
        ),
        Example(
            "copies that run in parallel",
            "from torch.nn.parallel import replicate as copies\nparts = copies(nn.Linear(4, 1), [0, 1])",
            reviews="MIG402",
            at="parts = copies",
            frame=STEP,
        ),
        Example("a function of that name", "def replicate(x):\n    return x\n\nz = replicate(x)", frame=STEP),
        Example("a module that is called", "z = nn.Linear(4, 1).to(device)(x)", frame=STEP),
    ),
    "spread-model": (
        Example(
            "copies of the trained model",
            "copies = nn.parallel.replicate(model, [0, 1])\nparts = nn.parallel.parallel_apply(copies, [x, x])",
            reviews="MIG402",
            at="copies = nn.parallel",
            frame=STEP,
        ),
        Example(
            "the trained model on several GPUs, under another name",
            "from torch.nn.parallel import data_parallel as spread\nz = spread(model, x)",
            reviews="MIG402",
            at="z = spread",
            frame=STEP,
        ),
        Example("the model itself", "z = model(x)", frame=STEP),
        Example("a script without training", INFERENCE),
    ),
}
