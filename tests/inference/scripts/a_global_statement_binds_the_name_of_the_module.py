from torch import nn

model = None


def build():
    global model
    model = nn.Linear(2, 1)  # role: model


build()
model  # role: model
