from torch import nn, optim


def train(model, rate=0.1):  # role: model: opaque; rate: opaque
    optimizer = optim.SGD(model.parameters(), lr=rate)  # role: optimizer of model
    return optimizer


class Idle:
    def build(self):
        self.model = nn.Linear(2, 1)  # role: model
