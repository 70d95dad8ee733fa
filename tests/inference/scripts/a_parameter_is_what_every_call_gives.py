from torch import nn


def show(given):  # role: model | criterion
    return None


show(nn.Linear(2, 1))
show(nn.MSELoss())
