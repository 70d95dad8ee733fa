"""Examples: downloads."""

from __future__ import annotations

from migrator.rules.examples.frame import SETUP
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

EXAMPLES = {
    "download": (
        Example(
            "a dataset that is downloaded if it is missing",
            'from torchvision.datasets import MNIST\ndigits = MNIST("data", train=True, download=True)',
            """
            from torchvision.datasets import MNIST
            with accelerator.main_process_first():
                digits = MNIST("data", train=True, download=True)
            """,
            frame=SETUP,
        ),
        Example(
            "two datasets, one of which an option downloads",
            """
            from torchvision import datasets as d
            digits = d.MNIST("data", download=True)
            clothes = d.FashionMNIST("data", download=OPTION)
            """,
            """
            from torchvision import datasets as d
            with accelerator.main_process_first():
                digits = d.MNIST("data", download=True)
                clothes = d.FashionMNIST("data", download=OPTION)
            """,
            frame=SETUP,
        ),
        Example(
            "a dataset in the middle of a loader",
            'from torchvision.datasets import MNIST\nmore = DataLoader(MNIST("data", download=True))',
            reviews="MIG505",
            at="MNIST(",
            frame=SETUP,
        ),
        Example(
            "an archive that every process unpacks",
            'import tarfile\ntarfile.open("data.tgz").extractall()',
            reviews="MIG505",
            at="extractall",
            frame=SETUP,
        ),
        Example(
            "a dataset that is not downloaded",
            'from torchvision.datasets import MNIST\ndigits = MNIST("data", download=False)',
            frame=SETUP,
        ),
        Example(
            "a local function",
            "def fetch(download):\n    return dataset\n\ndigits = fetch(download=True)",
            frame=SETUP,
        ),
        Example(
            "a download that is already done by the main process first",
            'from torchvision.datasets import MNIST\nwith accelerator.main_process_first():\n    MNIST("data", download=True)',
            frame=SETUP,
        ),
        Example(
            "a local class",
            "class Fetch:\n    def __init__(self, download):\n        self.on = download\n\nFetch(download=True)",
            frame=SETUP,
        ),
        Example("a script without training", INFERENCE),
    ),
}
