"""Examples: mixed precision that the script does itself."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, SETUP, STEP
from migrator.rules.examples.script import MIGRATED
from migrator.rules.rule import Example

_SCALED = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler()
for x, y in DataLoader(dataset):
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=torch.float16):
        loss = nn.functional.mse_loss(model(x.cuda()), y.cuda())
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
"""

EXAMPLES = {
    "grad-scaler": (
        Example("a scaler", _SCALED, reviews="MIG303", at="GradScaler("),
        Example(
            "one whose scale is shown",
            _SCALED + "    print(scaler.get_scale())\n",
            reviews="MIG303",
            at="GradScaler(",
        ),
        Example(
            "one that unseen code gets",
            _SCALED.replace("from data import dataset", "from data import dataset, watch") + "    watch(scaler)\n",
            reviews="MIG303",
            at="watch(scaler)",
        ),
        Example("a scaler of features", "scale = x.std()\nx = x / scale", frame=STEP),
        Example("a class of that name", "class GradScaler:\n    pass\n\nGradScaler()", frame=SETUP),
        Example("a script that leaves it to the Accelerator", MIGRATED),
    ),
    "autocast": (
        Example(
            "a block of mixed precision",
            'with torch.autocast("cuda", dtype=torch.bfloat16):\n    extra = model(x).mean()',
            reviews="MIG304",
            at="torch.autocast",
            frame=BATCH,
        ),
        Example(
            "the same by another name",
            "from torch.cuda.amp import autocast as mixed\nwith mixed():\n    extra = model(x).mean()",
            reviews="MIG304",
            at="with mixed()",
            frame=BATCH,
        ),
        Example("a block without gradients", "with torch.no_grad():\n    extra = model(x).mean()", frame=BATCH),
        Example("a function of that name", "def autocast():\n    return 1\n\nautocast()", frame=SETUP),
        Example("a script that goes through the Accelerator already", MIGRATED),
    ),
}
