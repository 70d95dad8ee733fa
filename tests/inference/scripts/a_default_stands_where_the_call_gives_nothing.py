from torch import nn


def build(kind=None, loss=nn.MSELoss()):  # role: kind: constant `None` | model; loss: criterion
    return kind


a = build()  # role: constant `None`
b = build(nn.Linear(2, 1))  # role: model = b
