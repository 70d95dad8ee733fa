# Should: `.numpy()` without `.cpu()` on anything that comes from the model counts as a tensor that is not moved.
# Why: P1 (same device).
# Seen: 1 of 81.
# expect: migrated
# expect text: Accelerator(cpu=True)
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
history = []
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        history.append(loss.data.numpy())
print(np.mean(history))
