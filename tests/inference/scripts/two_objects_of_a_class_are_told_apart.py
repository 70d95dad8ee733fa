from torch import nn, optim


class Trainer:
    def __init__(self, width):
        self.model = nn.Linear(width, 1)
        self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)


one, two = Trainer(1), Trainer(2)
model = one.model  # role: model = model
other = two.model  # role: model = other
a = one.optimizer  # role: optimizer of model
b = two.optimizer  # role: optimizer of other
