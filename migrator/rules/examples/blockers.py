"""Examples: clashing libraries and constructs."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, MODEL, SETUP
from migrator.rules.examples.script import INFERENCE, MIGRATED
from migrator.rules.rule import Example

_LBFGS = """
import torch
from torch import nn

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.LBFGS(model.parameters())
x, y = torch.randn(8, 4).cuda(), torch.randn(8, 1).cuda()

def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss

for step in range(10):
    optimizer.step(closure)
"""
EXAMPLES = {
    "already-migrated": (
        Example("a script on the bundled runtime", MIGRATED, reviews="MIG004", at="from runtime import Accelerator"),
        Example(
            "a script on Accelerate, under another name",
            MIGRATED.replace("from runtime import Accelerator", "import accelerate as hf").replace(
                "= Accelerator()", "= hf.Accelerator()"
            ),
            reviews="MIG004",
            at="import accelerate as hf",
        ),
        Example("a plain script", BATCH.around("")),
        Example("a variable that is called accelerator", "accelerator_name = 'none'", frame=SETUP),
    ),
    "shared-file": (
        Example("a script with a file of its program only", BATCH.around("")),
        Example("inference, which changes nothing", INFERENCE),
    ),
    "init-process-group": (
        Example(
            "a process group",
            'torch.distributed.init_process_group("nccl")',
            reviews="MIG401",
            at="init_process_group",
            frame=SETUP,
        ),
        Example(
            "the same, under another name",
            'from torch import distributed as d\nd.init_process_group("gloo")',
            reviews="MIG401",
            at="d.init_process_group",
            frame=SETUP,
        ),
        Example("`is_available`", "torch.distributed.is_available()", frame=SETUP),
        Example(
            "a function of that name", "def init_process_group():\n    return 1\n\ninit_process_group()", frame=SETUP
        ),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "ddp-wrap": (
        Example(
            "a wrapped model",
            "model = nn.parallel.DistributedDataParallel(nn.Linear(4, 1).to(device))",
            reviews="MIG402",
            at="DistributedDataParallel(",
            frame=MODEL,
        ),
        Example(
            "the same, under another name",
            "from torch.nn.parallel import DistributedDataParallel as DDP\nmodel = DDP(nn.Linear(4, 1))",
            reviews="MIG402",
            at="model = DDP(",
            frame=MODEL,
        ),
        Example("a model that is not wrapped", "model = nn.Linear(4, 1)", frame=MODEL),
        Example("a class of that name", "class DDP:\n    pass\n\nDDP()", frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "sampler": (
        Example(
            "a sampler that shards",
            """
            import torch
            from torch import nn
            from torch.utils.data.distributed import DistributedSampler as Shards
            from data import dataset

            model = nn.Linear(4, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in torch.utils.data.DataLoader(dataset, sampler=Shards(dataset)):
                nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
                optimizer.step()
            """,
            reviews="MIG403",
            at="sampler=Shards(dataset)",
        ),
        Example(
            "one in a variable",
            "sampler = torch.utils.data.DistributedSampler(dataset, 4, 0)",
            reviews="MIG403",
            at="DistributedSampler(",
            frame=SETUP,
        ),
        Example("a sampler that draws at random", "sampler = torch.utils.data.RandomSampler(dataset)", frame=SETUP),
        Example("a function that samples", "def sampler(n):\n    return range(n)\n\nsampler(3)", frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "set-device": (
        Example("a GPU by number", "torch.cuda.set_device(0)", reviews="MIG405", at="set_device", frame=SETUP),
        Example(
            "the same, under another name",
            "from torch import cuda\ncuda.set_device(1)",
            reviews="MIG405",
            at="cuda.set_device",
            frame=SETUP,
        ),
        Example("a query of the current device", "name = torch.cuda.get_device_name()", frame=SETUP),
        Example(
            "a method of that name",
            "class Lamp:\n    def set_device(self, n):\n        pass\n\nLamp().set_device(1)",
            frame=SETUP,
        ),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "closure-result": (
        Example(
            "a closure whose loss is used",
            _LBFGS.replace("    optimizer.step(closure)", "    loss = optimizer.step(closure)"),
            reviews="MIG907",
            at="loss = optimizer.step(closure)",
        ),
        Example(
            "a result that is printed at once",
            _LBFGS.replace("    optimizer.step(closure)", "    print(optimizer.step(closure))"),
            reviews="MIG907",
            at="print(optimizer.step(closure))",
        ),
        Example("a closure whose loss is not used", _LBFGS),
        Example("a step without a closure", BATCH.around("")),
        Example(
            "something else that steps",
            "class Game:\n    def step(self, move):\n        return 1\n\nreward = Game().step(3)",
            frame=SETUP,
        ),
    ),
}
