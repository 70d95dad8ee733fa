from torch import nn


def rest(first, *others):
    return others[0]


def named(**options):
    return options["model"]


a = rest(1, nn.Linear(2, 1))  # role: model
b = named(model=nn.Linear(2, 1), loss=nn.MSELoss())  # role: model
