"""Examples: downloads."""

from __future__ import annotations

from migrator.rules.examples.frame import SETUP
from migrator.rules.examples.script import INFERENCE
from migrator.rules.rule import Example

EXAMPLES = {
    "download": (
        Example(
            "a dataset that is downloaded where it is not there",
            'from torchvision.datasets import MNIST\ndigits = MNIST("data", train=True, download=True)',
            """
            from torchvision.datasets import MNIST
            with accelerator.main_process_first():
                digits = MNIST("data", train=True, download=True)
            """,
            frame=SETUP,
        ),
        Example(
            "two of them, one where an option says so",
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
            "a dataset that is there",
            'from torchvision.datasets import MNIST\ndigits = MNIST("data", download=False)',
            frame=SETUP,
        ),
        Example(
            "a function of the script's own",
            "def fetch(download):\n    return dataset\n\ndigits = fetch(download=True)",
            frame=SETUP,
        ),
        Example(
            "the main process first already",
            'from torchvision.datasets import MNIST\nwith accelerator.main_process_first():\n    MNIST("data", download=True)',
            frame=SETUP,
        ),
        Example(
            "a class of the script's own",
            "class Fetch:\n    def __init__(self, download):\n        self.on = download\n\nFetch(download=True)",
            frame=SETUP,
        ),
        Example("a script that trains nothing", INFERENCE),
    ),
}
