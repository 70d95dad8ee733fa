from data import dataset
from torch import nn, optim
from torch.utils.data import DataLoader


class Trainer:
    def __init__(self, model, optimizer, loader):
        self.model, self.optimizer = model, optimizer  # role: self.model: model; self.optimizer: optimizer of net
        self.loader = loader  # role: loader

    def train(self):
        for x, y in self.loader:  # role: x: batch of loader
            loss = self.step(x, y)  # role: tensor of net, x

    def step(self, x, y):  # role: x: batch of loader; y: batch of loader
        return ((self.model(x) - y) ** 2).mean()


net = nn.Linear(2, 1)
optimizer = optim.SGD(net.parameters(), lr=0.1)
loader = DataLoader(dataset)
Trainer(net, optimizer, loader).train()
