from torch import nn


class Base:
    def __init__(self):
        self.model = nn.Linear(2, 1)

    def build(self):
        return self.model


class Child(Base):
    def __init__(self):
        super().__init__()
        self.loss = nn.MSELoss()


class Grandchild(Child):
    def build(self):
        return super().build()


child = Child()
model = child.build()  # role: model
loss = Grandchild().loss  # role: criterion
other = Grandchild().build()  # role: model
