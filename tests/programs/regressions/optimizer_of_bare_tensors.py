# Should: An optimizer over tensors that belong to no prepared module stops the program (rules.md MIG205: a list of
#   tensors is R).
# Why: P2 (equal parameters).
# Seen: 1 of 81 (multilayer perceptron by hand); optimising an image or a latent is the same idiom.
# expect: refused
# expect: MIG205 at "optimizer = torch.optim.SGD([w, b], lr=0.1)"
import os
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

w = torch.zeros(1, 8, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(32, 8), torch.randn(32, 1)), batch_size=4, shuffle=True)
for epoch in range(2):
    for x, y in loader:
        loss = nn.functional.mse_loss(x @ w.t() + b, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
sys.stdout.write(f"{os.environ.get('RANK', '-')} {w.abs().sum().item():.6f}\n")
