from torch import nn

LOSS = nn.MSELoss()  # role: criterion


def build():
    net = nn.Linear(2, 1)  # role: model
    return net


class Builder:
    def __init__(self, given):  # role: given: model; self: instance
        self.made = given  # role: model
