# Should: The Accelerator is made just before `prepare`, so that every `print` above it stays and comes once per process:
#   say so once (MIG702), at the first of them.
# Why: P2 (console printed once).
# Seen: At least 1 of 40 repositories (capsules).
# expect: migrated
# expect: MIG702 at "print(args)"
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    args = parser.parse_args()
    print(args)
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
    print("batches", len(loader))
    model = nn.Linear(8, 1).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    for x, y in loader:
        loss = nn.functional.mse_loss(model(x.cuda()), y.cuda())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
