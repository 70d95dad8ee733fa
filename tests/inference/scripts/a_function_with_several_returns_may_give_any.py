from choices import kind
from torch import nn


def build():
    if kind == "linear":
        return nn.Linear(2, 1)
    return nn.MSELoss()


made = build()  # role: model | criterion
