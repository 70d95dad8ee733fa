# Should: Keep the dictionary, and take the device that comes out of it over.
# Why: The Accelerator took the GPU whatever the user had asked for.
# Seen: a dictionary of devices by a short name.
# expect: migrated
# expect text: "device = DEVICES[args.kind]\n"
# expect text: 'cpu=device.type == "cpu")\ndevice = accelerator.device\n'
import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DEVICES = {"gpu": torch.device("cuda"), "mps": torch.device("mps"), "cpu": torch.device("cpu")}
parser = argparse.ArgumentParser()
parser.add_argument("--kind", default="cpu", choices=DEVICES)
args = parser.parse_args()
device = DEVICES[args.kind]

loader = DataLoader(TensorDataset(torch.randn(24, 3), torch.randn(24, 1)), batch_size=6, shuffle=True)
model = nn.Linear(3, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
