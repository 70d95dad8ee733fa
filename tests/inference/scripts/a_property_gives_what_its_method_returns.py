from torch import nn


class Holder:
    def __init__(self):
        self.inner = nn.Linear(2, 1)

    @property
    def model(self):
        return self.inner


model = Holder().model  # role: model
