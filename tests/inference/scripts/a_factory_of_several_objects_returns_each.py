from torch import nn, optim


def build():
    model = nn.Linear(2, 1)
    return model, optim.SGD(model.parameters(), lr=0.1)


model, optimizer = build()  # role: model: model; optimizer: optimizer of model
