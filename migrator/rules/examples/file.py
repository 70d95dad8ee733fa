"""Examples: files other than checkpoints."""

from __future__ import annotations

from migrator.rules.examples.frame import EPOCH, SETUP
from migrator.rules.rule import Example

EXAMPLES = {
    "other-writes": (
        Example(
            "an array",
            'import numpy as np\nnp.save("total.npy", total)',
            'import numpy as np\nif accelerator.is_main_process:\n    np.save("total.npy", total)',
            frame=EPOCH,
        ),
        Example(
            "a text, by its path",
            'from pathlib import Path\nPath("total.txt").write_text(str(total))',
            'from pathlib import Path\nif accelerator.is_main_process:\n    Path("total.txt").write_text(str(total))',
            frame=EPOCH,
        ),
        Example("a path that is only computed", 'import os\nwhere = os.path.join("out", "a")', frame=SETUP),
        Example("a figure that is not saved", "import matplotlib.pyplot as plt\nplt.plot([total])", frame=EPOCH),
        Example("`json.dumps`, which writes no file", "import json\ntext = json.dumps([total])", frame=EPOCH),
    ),
    "opened-file": (
        Example(
            "a line of a log",
            'with open("log.txt", "a") as log:\n    log.write(str(total))',
            'if accelerator.is_main_process:\n    with open("log.txt", "a") as log:\n        log.write(str(total))',
            frame=EPOCH,
        ),
        Example(
            "a compressed file",
            'import gzip\nlog = gzip.open("log.gz", "wt")',
            reviews="MIG505",
            at="gzip.open(",
            frame=SETUP,
        ),
        Example(
            "one opened by its path",
            "log = (OUT / 'log.txt').open('w')",
            reviews="MIG505",
            at=".open('w')",
            frame=SETUP,
        ),
        Example("one that is read by its path", "names = (OUT / 'names.txt').open('r')", frame=SETUP),
        Example("a file that stays open", 'log = open("log.txt", "w")', reviews="MIG505", at="open(", frame=SETUP),
        Example(
            "a file that a logger class keeps open",
            "class Log:\n    def __init__(self, path):\n        self.file = open(path, 'a')\n\nlog = Log('log.txt')",
            reviews="MIG505",
            at="self.file = open",
            frame=SETUP,
        ),
        Example(
            "a file that only the main process opens",
            "class Log:\n    def __init__(self, path):\n        self.file = open(path, 'a')\n\n"
            "if accelerator.is_main_process:\n    log = Log('log.txt')",
            frame=SETUP,
        ),
        Example("a file that is read", 'with open("names.txt") as names:\n    words = names.read()', frame=SETUP),
        Example(
            "a file that already only the main process writes",
            'if accelerator.is_main_process:\n    with open("log.txt", "a") as log:\n        log.write("done")',
            frame=EPOCH,
        ),
        Example("a method of that name", 'import webbrowser\nwebbrowser.open("w", "a")', frame=SETUP),
    ),
}
