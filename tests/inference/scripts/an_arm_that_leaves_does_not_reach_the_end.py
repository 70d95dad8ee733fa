from choices import kind
from torch import nn


def build():
    if kind == "model":
        part = nn.Linear(2, 1)
    elif kind == "loss":
        part = nn.MSELoss()
    else:
        raise ValueError(kind)
    return part


def pick():
    part = nn.MSELoss()
    if kind:
        return part
    part = nn.Linear(2, 1)
    return part


part = build()  # role: model | criterion
picked = pick()  # role: model | criterion
