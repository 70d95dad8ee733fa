from torch import nn


def head():
    return nn.Linear(2, 1)


def head_loss():
    return nn.MSELoss()
