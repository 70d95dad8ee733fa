# Should: Make the Accelerator with `cpu=not args.gpu`: each arm of the nested `if` is understood.
# Why: Each arm became `device = accelerator.device` in its place, and a second run would have taken the `if` away.
# Seen: a flag inside of the question for a GPU is usual.
# expect: migrated
# expect text: Accelerator(cpu=not args.gpu)
# expect no text: if torch
import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--gpu", action="store_true")
args = parser.parse_args()
if torch.cuda.is_available():
    if args.gpu:
        device = torch.device("cuda")
    else:
        device = torch.device("cpu")
else:
    device = torch.device("cpu")

loader = DataLoader(TensorDataset(torch.randn(24, 3), torch.randn(24, 1)), batch_size=6, shuffle=True)
model = nn.Linear(3, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
