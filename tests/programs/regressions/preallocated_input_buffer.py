# Should: `a.copy_(b)`, `a.resize_as_(b).copy_(b)`, `a.data.copy_(b)` and `a[...] = b` carry b into a.
# Why: P2 (each sample once), and a message that is untrue.
# Seen: 1 of 81; the generative scripts of 2017 and 2018.
# expect: migrated
# expect text: model, optimizer, loader = accelerator.prepare(
# expect no: MIG912
import torch
from torch import nn
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(64, 8)), batch_size=8, shuffle=True)
buffer = torch.FloatTensor(8, 8)
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    batches = iter(loader)
    i = 0
    while i < len(loader):
        (x,) = next(batches)
        i += 1
        buffer.resize_as_(x).copy_(x)
        loss = model(Variable(buffer)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
