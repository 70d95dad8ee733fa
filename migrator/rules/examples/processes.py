"""Examples: direct use of torch.distributed."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, SETUP, STEP
from migrator.rules.examples.script import MIGRATED
from migrator.rules.rule import Example

EXAMPLES = {
    "rank": (
        Example("a rank", "rank = torch.distributed.get_rank()", reviews="MIG404", at="get_rank()", frame=SETUP),
        Example(
            "the number of processes, under another name",
            "import torch.distributed as d\nworld = d.get_world_size()",
            reviews="MIG404",
            at="d.get_world_size()",
            frame=SETUP,
        ),
        Example("a function of that name", "def get_rank():\n    return 0\n\nget_rank()", frame=SETUP),
        Example("a rank of something else", "rank = torch.linalg.matrix_rank(torch.eye(3))", frame=SETUP),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "rank-variable": (
        Example(
            "a variable of the environment",
            'import os\nrank = int(os.environ["LOCAL_RANK"])',
            reviews="MIG404",
            at="LOCAL_RANK",
            frame=SETUP,
        ),
        Example(
            "with a default",
            'import os\nworld = int(os.environ.get("WORLD_SIZE", 1))',
            reviews="MIG404",
            at="WORLD_SIZE",
            frame=SETUP,
        ),
        Example("another variable", 'import os\nhome = os.environ["HOME"]', frame=SETUP),
        Example("one that is set", 'import os\nos.environ["RANK"] = "0"', frame=SETUP),
        Example("a key of that name", 'row = {"RANK": 1}\nrow["RANK"]', frame=SETUP),
    ),
    "spawn": (
        Example(
            "processes that are spawned",
            "import torch.multiprocessing as mp\ndef work(rank):\n    pass\n\nmp.spawn(work, nprocs=2)",
            reviews="MIG407",
            at="mp.spawn(",
            frame=SETUP,
        ),
        Example(
            "processes by name",
            "from torch.multiprocessing import Process as P\nhelper = P(target=len)",
            reviews="MIG407",
            at="helper = P(",
            frame=SETUP,
        ),
        Example("a way to share tensors", 'torch.multiprocessing.set_sharing_strategy("file_system")', frame=SETUP),
        Example(
            "a method of that name", "class Game:\n    def spawn(self):\n        pass\n\nGame().spawn()", frame=SETUP
        ),
    ),
    "collective": (
        Example(
            "a sum over the processes",
            "torch.distributed.all_reduce(loss)",
            reviews="MIG408",
            at="all_reduce",
            frame=BATCH,
        ),
        Example(
            "a barrier, under another name",
            "from torch import distributed as d\nd.barrier()",
            reviews="MIG408",
            at="d.barrier()",
            frame=SETUP,
        ),
        Example("a reduction of numbers", "from functools import reduce\nreduce(max, [1, 2])", frame=SETUP),
        Example(
            "tensors that are broadcast to one shape",
            "torch.broadcast_tensors(torch.eye(3), torch.ones(3))",
            frame=SETUP,
        ),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "scaling": (
        Example(
            "a learning rate",
            "lr = 0.1\nlr = lr * torch.cuda.device_count()",
            reviews="MIG409",
            at="lr * torch",
            frame=SETUP,
        ),
        Example(
            "a batch size, with the number in a variable",
            "gpus = torch.cuda.device_count()\nbatch_size = 64\nper_gpu = batch_size // gpus",
            reviews="MIG409",
            at="batch_size // gpus",
            frame=SETUP,
        ),
        Example("a number of workers", "gpus = torch.cuda.device_count()\nworkers = 4 * gpus", frame=SETUP),
        Example("a learning rate that scales with a constant", "lr = 0.1\nlr = lr * 4", frame=SETUP),
        Example("a batch size without the number of GPUs", "seen = x.size(0) * 3", frame=STEP),
    ),
}
