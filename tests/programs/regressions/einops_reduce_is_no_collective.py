# Should: Resolve the import before reporting a collective.
# Why: Findings are exact.
# Seen: 4 of 119, 10 findings in the modules of one library.
# expect: migrated
# expect no: MIG401
# expect no: MIG408
from functools import reduce

import torch
from einops import reduce as pool
from torch import nn

model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
size = reduce(lambda a, b: a * b, [4, 2])
for step in range(3):
    x = torch.randn(16, size)
    loss = pool(model(x).pow(2), "b o -> o", "mean").sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
