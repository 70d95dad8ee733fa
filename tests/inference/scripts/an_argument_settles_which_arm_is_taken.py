from torch import nn


def build(kind):
    if kind == "model":
        return nn.Linear(2, 1)
    return nn.MSELoss()


model = build("model")  # role: model
loss = build("loss")  # role: criterion
