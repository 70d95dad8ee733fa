# Now: Refused: "`uses_cuda` of `cuda` is not bound yet where the Accelerator has to be made". `uses_cuda` is the
#   parameter of a helper; each call passes `self.use_cuda`.
# Should: Follow the parameter to the arguments and take the flag behind them (`Accelerator(cpu=not self.use_cuda)`,
#   after its assignment); at least name the helper's line and a recipe.
# Why: The reason names a variable of another function, and there is no recipe.
# Seen: 1 of 40 repositories (beta-VAE); a helper `cuda(x, flag)` or `to_var` is common.
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def cuda(tensor, uses_cuda):
    return tensor.cuda() if uses_cuda else tensor


class Solver:
    def __init__(self, args):
        self.use_cuda = args.cuda and torch.cuda.is_available()
        self.net = cuda(nn.Linear(8, 1), self.use_cuda)
        self.optim = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        self.data_loader = DataLoader(TensorDataset(torch.randn(64, 8)), batch_size=8, shuffle=True)

    def train(self):
        for (x,) in self.data_loader:
            x = cuda(x, self.use_cuda)
            loss = self.net(x).pow(2).mean()
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()


parser = argparse.ArgumentParser()
parser.add_argument("--cuda", action="store_true")
Solver(parser.parse_args()).train()
