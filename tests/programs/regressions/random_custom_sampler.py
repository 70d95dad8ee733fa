# Should: MIG914: report samplers of unknown classes.
# Why: P2 (each sample once), P3.
# Seen: 1 of 81 (style transfer).
# expect: migrated
# expect: MIG914 at "batches = iter(DataLoader(data, batch_size=8, sampler=Endless(data)))"
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Sampler, TensorDataset


class Endless(Sampler):
    def __init__(self, dataset):
        self.size = len(dataset)

    def __iter__(self):
        while True:
            yield from np.random.permutation(self.size).tolist()

    def __len__(self):
        return 2**31


data = TensorDataset(torch.arange(64.0).view(64, 1))
batches = iter(DataLoader(data, batch_size=8, sampler=Endless(data)))
model = nn.Linear(1, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
for step in range(8):
    (x,) = next(batches)
    loss = model(x.cuda()).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
