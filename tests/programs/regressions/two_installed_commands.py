# Should: Leave it alone: no place comes before both commands, and each would make an Accelerator of its own.
# Why: P4; the reason must say what is in the way.
# Seen: A variant of `started_by_an_installed_command`.
# expect: refused
# expect: MIG201
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def fit(model, epochs):
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(epochs):
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x.cuda()), y.cuda())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def train():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    fit(nn.Linear(8, 1).cuda(), parser.parse_args().epochs)


def finetune():
    parser = argparse.ArgumentParser()
    parser.add_argument("weights")
    model = nn.Linear(8, 1).cuda()
    model.load_state_dict(torch.load(parser.parse_args().weights))
    fit(model, 1)
