from torch import nn

parts = [nn.Linear(2, 1), nn.MSELoss()]  # role: sequence
a = parts[0]  # role: model
b = parts[1]  # role: criterion
c = parts[-1]  # role: model | criterion
