from functools import partial

from torch import nn, optim

model = nn.Linear(2, 1)
make = partial(optim.SGD, lr=0.1)  # role: partial
optimizer = make(model.parameters())  # role: optimizer of model


def pick(first, second):
    return second


a = partial(pick, model)(nn.MSELoss())  # role: criterion
b = partial(pick, second=model)(1)  # role: model = model
