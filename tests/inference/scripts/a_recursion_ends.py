from torch import nn


def nest(depth):
    if depth == 0:
        return nn.Linear(2, 1)
    return nest(depth - 1)


made = nest(3)  # role: model | unknown
