# Now: Refused: `uses_cuda`, which the device depends on, is the parameter of a helper; each call passes `self.use_cuda`.
# Should: Follow the parameter to the arguments and take the flag that they share, after its assignment. Until then,
#   refuse.
# Why: P1 (same device). A helper `cuda(x, flag)` or `to_var` is common.
# Seen: 1 of 40 repositories (beta-VAE).
# expect: refused
# expect: MIG201 at "self.net = cuda("
# expect! text: Accelerator(cpu=not self.use_cuda) (parameters are not followed to their arguments)
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
