from torch import nn, optim

parts = {}
parts["model"] = nn.Linear(2, 1)  # role: model
parts["loss"] = nn.MSELoss()  # role: criterion
a = parts["model"]  # role: model
b = parts["loss"]  # role: criterion
c = parts["optimizer"]  # role: unknown
