from torch import nn


class Base:
    def __init__(self):
        self.model = self.build()  # role: model

    def build(self):
        raise NotImplementedError


class Child(Base):
    def build(self):
        return nn.Linear(2, 1)


model = Child().model  # role: model
