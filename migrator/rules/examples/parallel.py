"""Examples: threads of one process."""

from __future__ import annotations

from migrator.rules.examples.frame import MODEL, SETUP
from migrator.rules.examples.script import MIGRATED
from migrator.rules.rule import Example

EXAMPLES = {
    "data-parallel": (
        Example(
            "on a line of its own",
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
        Example("a model that nobody wraps", "model = nn.Linear(4, 1)", frame=MODEL),
        Example("a class of that name", "class DataParallel:\n    pass\n\nDataParallel()", frame=SETUP),
        Example("a script that leaves it to the Accelerator", MIGRATED),
    ),
}
