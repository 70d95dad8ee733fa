from torch import nn

model = None


def build():
    model = nn.Linear(2, 1)  # role: model
    return model


build()
model  # role: constant `None`
