# Should: Keep the function, and take the device that it returns over.
# Why: The flag is not around the device that the function returns, but around the name that it is made from, and was lost.
# Seen: a default name that an `if` overwrites, in a function of its own.
# expect: migrated
# expect text: Accelerator(cpu=device.type == "cpu")
# expect text: device = accelerator.device
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--gpu", action="store_true")
args = parser.parse_args()


def get_device():
    name = "cpu"
    if args.gpu:
        name = "cuda"
    return torch.device(name)


device = get_device()
loader = DataLoader(TensorDataset(torch.randn(24, 3), torch.randn(24, 1)), batch_size=6, shuffle=True)
model = nn.Linear(3, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
