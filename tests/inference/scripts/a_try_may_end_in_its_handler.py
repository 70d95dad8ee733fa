from torch import nn

try:
    part = nn.Linear(2, 1)  # role: model
except RuntimeError:
    part = nn.MSELoss()  # role: criterion
else:
    other = part  # role: model
finally:
    last = nn.Linear(2, 2)  # role: model
part  # role: model | criterion
