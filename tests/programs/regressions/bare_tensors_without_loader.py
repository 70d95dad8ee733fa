# Before: Without a DataLoader an optimizer over bare tensors is migrated, with a note that N processes do the same
#   work. Nothing is seeded: each rank draws its own weights and data, gradients are not reduced, parameters differ
#   from the first step (the sibling with a loader is refused).
# Should: Refuse as with a loader (MIG205).
# Why: P2 (equal parameters).
# Seen: 6 of 24 scripts of one repository (GAN and VAE by hand); on two processes confirmed: no collective at all.
# expect: refused
# expect: MIG205 at "optimizer = torch.optim.SGD([w, b], lr=0.1)"
import os
import sys

import torch
from torch import nn

w = (torch.randn(1, 8) * 0.1).requires_grad_()
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.1)
for step in range(4):
    x = torch.rand(16, 8)
    loss = nn.functional.mse_loss(x @ w.t() + b, x.sum(1, keepdim=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
sys.stdout.write(f"{os.environ.get('RANK', '-')} {w.abs().sum().item():.6f}\n")
