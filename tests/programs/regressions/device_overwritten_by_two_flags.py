# Should: Keep the script's own choice, which needs two flags, and take its result over.
# Why: One of the two flags went into `Accelerator(cpu=...)`, and the other one was lost.
# Seen: a default that several `if` overwrite is usual.
# expect: migrated
# expect text: 'if args.smoke_test:\n    name = "cpu"\n'
# expect text: 'device = torch.device(name)\n\naccelerator = Accelerator(cpu=device.type == "cpu")\n'
import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--gpu", action="store_true")
parser.add_argument("--smoke-test", action="store_true")
args = parser.parse_args()
name: str = "cpu"
if args.gpu:
    name = "cuda"
if args.smoke_test:
    name = "cpu"
device = torch.device(name)

loader = DataLoader(TensorDataset(torch.randn(24, 3), torch.randn(24, 1)), batch_size=6, shuffle=True)
model = nn.Linear(3, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
