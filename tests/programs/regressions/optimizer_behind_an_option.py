# Should: An optimizer that is built, and stepped, only where an option asks for it is prepared where it is built.
# Why: `model, optimizer = accelerator.prepare(model, optimizer)` stood below the `if`: without the option, the script ended
#   with a NameError.
# Seen: 1 of 27 repositories (a word-level language model, whose default is to step by hand).
# expect: migrated
# expect text: '    optimizer = accelerator.prepare(torch.optim.AdamW('
# expect text: model, loader = accelerator.prepare(model, loader)
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--use-optimizer", action="store_true")
args = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = nn.Linear(4, 1).to(device)
if args.use_optimizer:
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(64, 4)), batch_size=8)


def train():
    for (x,) in loader:
        if args.use_optimizer:
            optimizer.zero_grad()
        else:
            model.zero_grad()
        loss = model(x.to(device)).pow(2).mean()
        loss.backward()
        if args.use_optimizer:
            optimizer.step()
        else:
            for p in model.parameters():
                p.data.add_(p.grad, alpha=-0.1)


train()
