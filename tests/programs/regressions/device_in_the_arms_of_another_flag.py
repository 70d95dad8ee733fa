# Should: A flag that is about something else, and keeps the device to the CPU in one of its arms, decides for the Accelerator.
# Why: both arms got `accelerator.device`, and `--smoke-test` trained on the GPU without a word about it.
# Seen: 1 of 27 repositories (a language model's fine-tuning).
# expect: migrated
# expect text: Accelerator(cpu=args.smoke_test)
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--smoke-test", action="store_true")
args = parser.parse_args()

if args.smoke_test:
    width = 2
    model = nn.Linear(4, width)
    device = "cpu"
else:
    width = 8
    model = nn.Linear(4, width)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

model.to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(64, 4), torch.randn(64, width)), batch_size=8)

for x, y in loader:
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
