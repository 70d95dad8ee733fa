from torch import nn, optim


def build():
    net = nn.Linear(2, 1)  # role: model
    return net


first = build()  # role: model = first
second = build()  # role: model = second
of_first = optim.SGD(first.parameters(), lr=0.1)  # role: optimizer of first
of_second = optim.SGD(second.parameters(), lr=0.1)  # role: optimizer of second
