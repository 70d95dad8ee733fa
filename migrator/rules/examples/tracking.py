"""Examples: logs and trackers."""

from __future__ import annotations

from migrator.rules.examples.frame import EPOCH, SETUP, STEP
from migrator.rules.examples.script import INFERENCE, MIGRATED
from migrator.rules.rule import Example

EXAMPLES = {
    "log-file": (
        Example(
            "a file handler",
            'import logging\nlogging.getLogger().addHandler(logging.FileHandler("train.log"))',
            reviews="MIG704",
            at="FileHandler",
            frame=SETUP,
        ),
        Example(
            "`basicConfig`, under another name",
            'from logging import basicConfig as configure\nconfigure(filename="train.log")',
            reviews="MIG704",
            at="configure(filename",
            frame=SETUP,
        ),
        Example("messages on the terminal", "import logging\nlogging.basicConfig(level=logging.INFO)", frame=SETUP),
        Example("a message", 'import logging\nlogging.info("epoch %d", epoch)', frame=EPOCH),
        Example("a class of that name", "class FileHandler:\n    pass\n\nFileHandler()", frame=SETUP),
    ),
    "tracker": (
        Example(
            "a writer of TensorBoard",
            "from torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter()",
            reviews="MIG705",
            at="= SummaryWriter()",
            frame=SETUP,
        ),
        Example(
            "a run, under another name",
            'import wandb as w\nw.init(project="digits")',
            reviews="MIG705",
            at="w.init(",
            frame=SETUP,
        ),
        Example("a CSV writer", "import csv\nimport io\nwriter = csv.writer(io.StringIO())", frame=SETUP),
        Example(
            "another function called init",
            "class Game:\n    def init(self):\n        pass\n\nGame().init()",
            frame=SETUP,
        ),
        Example("a script without training", INFERENCE),
        Example("a script that already uses the Accelerator", MIGRATED),
    ),
    "throughput": (
        Example(
            "samples a second",
            "import time\nstart = time.time()\nspeed = x.size(0) / (time.time() - start)",
            reviews="MIG706",
            at="speed =",
            frame=STEP,
        ),
        Example(
            "the same with the time in a variable, under another name",
            "from time import perf_counter as now\nelapsed = now() - 3.0\nspeed = len(dataset) / elapsed",
            reviews="MIG706",
            at="speed =",
            frame=EPOCH,
        ),
        Example(
            "seconds a batch",
            "import time\nstart = time.time()\nmean = (time.time() - start) / len(loader)",
            frame=EPOCH,
        ),
        Example("a share of something else", "share = x.size(0) / 8", frame=STEP),
        Example("a time that is shown", "import time\nstart = time.time()\nspent = time.time() - start", frame=EPOCH),
    ),
}
