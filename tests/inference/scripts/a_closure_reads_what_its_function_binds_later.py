from torch import nn


def outer():
    def read():
        return model

    model = nn.Linear(2, 1)
    return read()


built = outer()  # role: model
