from torch import nn

x = nn.Linear(2, 1)  # role: model
x = nn.MSELoss()  # role: criterion
x  # role: criterion
