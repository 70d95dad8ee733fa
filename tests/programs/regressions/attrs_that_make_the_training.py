# Should: A class body is no place for `prepare`: what it binds describes fields, and the instance is what trains. Better:
#   follow the methods of `@field.default` when an instance is made, and prepare what they give.
# Why: `net, optimizer = accelerator.prepare(net, optimizer)` in the class body prepared two descriptions.
# Seen: 1 of 120 repositories (neural Turing machines).
# expect: refused
# expect: MIG901 at "net = attrib()"
import torch
from attr import Factory, attrib, attrs
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@attrs
class Task:
    lr = attrib(default=0.1)
    data = attrib(default=Factory(lambda: TensorDataset(torch.randn(64, 8), torch.randn(64, 1))))
    net = attrib()
    loader = attrib()
    optimizer = attrib()

    @net.default
    def make_net(self):
        return nn.Linear(8, 1)

    @loader.default
    def make_loader(self):
        return DataLoader(self.data, batch_size=8, shuffle=True)

    @optimizer.default
    def make_optimizer(self):
        return torch.optim.SGD(self.net.parameters(), lr=self.lr)


def train(net, loader, optimizer):
    for x, y in loader:
        loss = nn.functional.mse_loss(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    task = Task(lr=0.2)
    for epoch in range(2):
        train(task.net, task.loader, task.optimizer)
