"""Examples: custom datasets, samplers and loaders."""

from __future__ import annotations

from migrator.rules.examples.frame import BATCH, SETUP
from migrator.rules.rule import Example

_SCRIPT = """
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler

PART

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = LOADER
for x, y in loader:
    nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
    optimizer.step()
"""


def _script(part: str, loader: str) -> str:
    return _SCRIPT.replace("PART", part.strip("\n")).replace("LOADER", loader)


_ORDER = """
class Order(Sampler):
    def __init__(self, data):
        self.data = data

    def __iter__(self):
        return iter(INDICES)

data = torch.utils.data.TensorDataset(torch.zeros(8, 4), torch.zeros(8, 1))
"""
_STREAM = """
class Rows(BASE):
    def __iter__(self):
        for k in range(8):
            yield torch.zeros(4), torch.zeros(1)
"""
_ROWS = """
class Rows(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, k):
        return ROW
"""
_COLLATE = """
from data import Row, dataset

def stack(rows):
    return STACKED
"""

EXAMPLES = {
    "custom-sampler": (
        Example(
            "an order drawn at random",
            _script(
                _ORDER.replace("INDICES", "torch.randperm(len(self.data)).tolist()"),
                "DataLoader(data, sampler=Order(data))",
            ),
            reviews="MIG914",
            at="loader = DataLoader",
        ),
        Example(
            "batches drawn at random",
            _script(
                _ORDER.replace("INDICES", "[torch.randperm(8).tolist()]"), "DataLoader(data, batch_sampler=Order(data))"
            ),
            reviews="MIG914",
            at="loader = DataLoader",
        ),
        Example(
            "an order that is not random",
            _script(_ORDER.replace("INDICES", "range(8)"), "DataLoader(data, sampler=Order(data))"),
        ),
        Example(
            "a sampler of PyTorch",
            _script(
                _ORDER.replace("INDICES", "range(8)"), "DataLoader(data, sampler=torch.utils.data.RandomSampler(data))"
            ),
        ),
        Example(
            "a loader that shuffles", _script(_ORDER.replace("INDICES", "range(8)"), "DataLoader(data, shuffle=True)")
        ),
    ),
    "iterable-dataset": (
        Example(
            "an iterable dataset",
            _script(_STREAM.replace("BASE", "IterableDataset"), "DataLoader(Rows())"),
            reviews="MIG914",
            at="loader = ",
        ),
        Example(
            "the same, by its full name",
            _script(_STREAM.replace("BASE", "torch.utils.data.IterableDataset"), "DataLoader(Rows(), batch_size=4)"),
            reviews="MIG914",
            at="loader = ",
        ),
        Example(
            "a dataset with indices",
            _script(_ROWS.replace("ROW", "torch.zeros(4), torch.zeros(1)", 1).replace("ROW", ""), "DataLoader(Rows())"),
        ),
        Example("a loader over another module's dataset", BATCH.around("")),
    ),
    "moving-dataset": (
        Example(
            "samples that are moved to the GPU",
            _script(_ROWS.replace("return ROW", "return torch.zeros(4).cuda(), torch.zeros(1)"), "DataLoader(Rows())"),
            reviews="MIG914",
            at="torch.zeros(4).cuda()",
        ),
        Example(
            "batches that are moved in `collate_fn`",
            _script(
                _COLLATE.replace("STACKED", 'torch.stack([r[0] for r in rows]).to("cuda"), torch.zeros(8)'),
                "DataLoader(dataset, collate_fn=stack)",
            ),
            reviews="MIG914",
            at='.to("cuda")',
        ),
        Example(
            "samples on the CPU",
            _script(_ROWS.replace("return ROW", "return torch.zeros(4), torch.zeros(1)"), "DataLoader(Rows())"),
        ),
        Example(
            "a change of dtype",
            _script(
                _ROWS.replace("return ROW", "return torch.zeros(4).to(torch.float32), torch.zeros(1)"),
                "DataLoader(Rows())",
            ),
        ),
        Example("a move in the loop", BATCH.around("")),
    ),
    "loader-thread": (
        Example(
            "a thread that gets the loader",
            "import threading\ndef fill(batches):\n    for batch in batches:\n        pass\n\n"
            "threading.Thread(target=fill, args=(loader,)).start()",
            reviews="MIG914",
            at="threading.Thread",
            frame=SETUP,
        ),
        Example(
            "under another name",
            "from threading import Thread as Helper\nhelper = Helper(target=len, args=[loader])",
            reviews="MIG914",
            at="helper = Helper",
            frame=SETUP,
        ),
        Example(
            "a thread that does something else",
            "import threading\nthreading.Thread(target=print, args=(3,)).start()",
            frame=SETUP,
        ),
        Example(
            "a function that gets the loader",
            "def count(batches):\n    return len(batches)\n\ncount(loader)",
            frame=SETUP,
        ),
    ),
    "custom-batches": (
        Example(
            "batches of a class",
            _script(_COLLATE.replace("STACKED", "Row(rows)"), "DataLoader(dataset, collate_fn=stack)"),
            reviews="MIG908",
            at="loader = ",
        ),
        Example(
            "batches of a function that was not read",
            _script("from data import dataset, stack", "DataLoader(dataset, collate_fn=stack)"),
            reviews="MIG908",
            at="loader = ",
        ),
        Example(
            "tensors in a tuple",
            _script(
                _COLLATE.replace("STACKED", "torch.stack([r[0] for r in rows]), torch.stack([r[1] for r in rows])"),
                "DataLoader(dataset, collate_fn=stack)",
            ),
        ),
        Example("batches as PyTorch makes them", BATCH.around("")),
    ),
}
