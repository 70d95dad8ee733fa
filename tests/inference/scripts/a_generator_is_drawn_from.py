from torch import nn


def parts():
    yield nn.Linear(2, 1)
    yield nn.MSELoss()


held = parts()  # role: iterator
for part in parts():  # role: model | criterion
    pass
