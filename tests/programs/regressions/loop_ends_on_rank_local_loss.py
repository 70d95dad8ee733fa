# Should: MIG910: `break`, `return` or a loop condition that depends on a loss or metric of a prepared loader is
#   reported and stops the program (or the value is reduced first).
# Why: P2 (no hang), P3.
# Seen: 1 of 81 (curriculum on the loss); "stop when the loss is small" is common in tutorials.
# expect: refused
# expect: MIG910 at "if total / len(loader) < 0.01"
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

x = torch.randn(64, 8)
loader = DataLoader(TensorDataset(x, x.sum(dim=1, keepdim=True)), batch_size=8, shuffle=True)
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(200):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item()
    if total / len(loader) < 0.01:
        print("converged after", epoch)
        break
