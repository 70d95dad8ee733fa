import sys

from torch import nn

part = nn.Linear(2, 1)  # role: model
sys.exit()
part = nn.MSELoss()  # role: nothing
