# Should: No edit where the failure is caught already.
# Why: P5 (the smallest diff).
# Seen: 2 of 81; the 2017 idiom.
# expect: migrated
# expect text: 'os.makedirs("out")\n'
import os

import torch
from torch import nn

try:
    os.makedirs("out")
except OSError:
    pass
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    loss = model(torch.randn(16, 8)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
torch.save(model.state_dict(), "out/model.pth")
