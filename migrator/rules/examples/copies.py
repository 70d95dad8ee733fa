"""Examples: compiled and averaged models."""

from __future__ import annotations

from migrator.rules.examples.frame import EPOCH, MODEL, SETUP, STEP
from migrator.rules.rule import Example

EXAMPLES = {
    "compiled": (
        Example(
            "a compiled model",
            "model = torch.compile(nn.Linear(4, 1))",
            reviews="MIG208",
            at="torch.compile",
            frame=MODEL,
        ),
        Example(
            "under another name",
            "from torch import compile as faster\nmodel = faster(nn.Linear(4, 1))",
            reviews="MIG208",
            at="= faster(",
            frame=MODEL,
        ),
        Example("a pattern that is compiled", 'import re\nword = re.compile("[a-z]+")', frame=SETUP),
        Example(
            "a network that is only evaluated",
            "teacher = torch.compile(nn.Linear(4, 1).to(device).eval())",
            frame=SETUP,
        ),
        Example("a model that is not compiled", "model = nn.Linear(4, 1)", frame=MODEL),
    ),
    "averaged-statistics": (
        Example(
            "over the loader of the training",
            "torch.optim.swa_utils.update_bn(loader, model)",
            reviews="MIG909",
            at="update_bn",
            frame=EPOCH,
        ),
        Example(
            "under another name",
            "from torch.optim.swa_utils import update_bn as refresh\nrefresh(loader, model)",
            reviews="MIG909",
            at="refresh(loader",
            frame=EPOCH,
        ),
        Example(
            "over another loader",
            "torch.optim.swa_utils.update_bn(DataLoader(dataset), model)",
            frame=EPOCH,
        ),
        Example("a function of that name", "def update_bn(a):\n    pass\n\nupdate_bn(3)", frame=SETUP),
        Example("averages of numbers", "mean = (x + y).mean()", frame=STEP),
    ),
}
