# Should: Fill the Accelerator in where the other arguments are: whoever calls the result needs not know of it.
# Why: The function counted as handed over as a value, and the program was refused.
# Seen: loops that take a step function and callbacks, with `functools.partial`.
# expect: migrated
# expect text: partial(step, model, accelerator=accelerator), optimizer)
# expect text: partial(step, model, optimizer, scale=2.0, accelerator=accelerator)}
# expect text: report(step(model, optimizer, batch, accelerator=accelerator))
from functools import partial

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def report(loss):
    print(f"{loss:.4f}")


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
    steps = {"once": partial(partial(step, model), optimizer), "twice": partial(step, model, optimizer, scale=2.0)}
    for name in ("once", "twice"):
        for batch in loader:
            report(steps[name](batch))
    for batch in loader:
        report(step(model, optimizer, batch))


main()
