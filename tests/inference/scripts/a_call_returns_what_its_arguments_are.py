from torch import nn


def same(given):
    return given


a = same(nn.Linear(2, 1))  # role: model = a
b = same(nn.MSELoss())  # role: criterion
