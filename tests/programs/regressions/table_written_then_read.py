# Should: A file that the main process writes before the training is not read by the others until it is there: one wait,
#   before the first of them is read. Where a file is written in one arm of an `if` and read in the other, nobody waits.
# Why: `train.csv` was written under `if accelerator.is_main_process:`, and the other process opened it before.
# Seen: 1 of 27 repositories (a classifier's fine-tuning); 1 more waited three times in the arm that writes nothing.
# expect: migrated
# expect text: '    accelerator.wait_for_everyone()\n    if not os.path.exists("train.csv"):'
# expect text: return torch.load(
# expect no text: 'wait_for_everyone()\n    valid'
# expect no text: 'wait_for_everyone()\n        return'
import os
import sys

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def table(path):
    return TensorDataset(torch.from_numpy(np.loadtxt(path, dtype=np.float32)))


def vocabulary(fresh):
    if fresh:
        torch.save({"words": 4}, "vocabulary.pt")
    if not fresh:
        return torch.load("vocabulary.pt")
    return {"words": 4}


def main():
    numbers = np.random.rand(96, 4)
    np.savetxt("train.csv", numbers[:64])
    np.savetxt("valid.csv", numbers[64:])
    if not os.path.exists("train.csv"):
        raise SystemExit("no data")
    loader = DataLoader(table("train.csv"), batch_size=8, shuffle=True)
    valid = table("valid.csv")
    words = vocabulary("--fresh" in sys.argv)

    model = nn.Linear(words["words"], 1).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for (x,) in loader:
        optimizer.zero_grad()
        loss = model(x.cuda()).pow(2).mean()
        loss.backward()
        optimizer.step()
    print(len(valid))


if __name__ == "__main__":
    main()
