from torch import nn


class Net(nn.Module):
    pass


def build(kind):  # role: class
    return kind()


model = build(Net)  # role: model
