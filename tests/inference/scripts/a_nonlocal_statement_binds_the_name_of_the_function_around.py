from torch import nn


def outer():
    model = None

    def inner():
        nonlocal model
        model = nn.Linear(2, 1)  # role: model

    inner()
    return model


built = outer()  # role: model
