from choices import more
from torch import nn

part = nn.Linear(2, 1)
while more():
    before = part  # role: model | criterion
    part = nn.MSELoss()  # role: criterion
part  # role: model | criterion
