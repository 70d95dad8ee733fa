# Should: Networks and optimizers that come out of a dictionary by attribute are not seen to train; each optimizer that is
#   built is named beside the backwards that nothing was found for. Better: follow the attributes of such a dictionary.
# Why: the backwards were named, the optimizers were not.
# Seen: 1 of 10 repositories (image translation between domains).
# expect: refused
# expect: MIG201 at "solver.train(DataLoader(TensorDataset(torch.randn(64, 4)), batch_size=8))"
# expect: MIG301 at "loss.backward()"
# expect: MIG212 at "torch.optim.Adam(params=self.nets[name].parameters())"
import torch
from munch import Munch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Solver(nn.Module):
    def __init__(self):
        super().__init__()
        self.nets = Munch(first=nn.Linear(4, 4), second=nn.Linear(4, 1))
        self.optims = Munch()
        for name in self.nets.keys():
            self.optims[name] = torch.optim.Adam(params=self.nets[name].parameters())

    def train(self, loader):
        nets, optims = self.nets, self.optims
        for (x,) in loader:
            loss = nets.second(nets.first(x)).mean()
            loss.backward()
            optims.first.step()
            optims.second.step()


solver = Solver()
solver.train(DataLoader(TensorDataset(torch.randn(64, 4)), batch_size=8))
