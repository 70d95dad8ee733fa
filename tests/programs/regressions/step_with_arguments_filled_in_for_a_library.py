# Should: Leave the program alone: what is filled in reaches the step, but how the library feeds it cannot be seen.
# Why: The step could be called with anything, on one process or on several of the library's own.
# Seen: loops of packages that take a step function.
# expect: refused
# expect: MIG301 at "loss.backward()"
from functools import partial

import torch
from loopkit import for_each
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def step(model, optimizer, batch, scale=1.0):
    x, y = batch
    loss = scale * nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def main():
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
    model = nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for_each(loader, partial(step, model, optimizer))


main()
