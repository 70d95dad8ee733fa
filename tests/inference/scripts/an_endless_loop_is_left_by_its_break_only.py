from choices import more
from torch import nn

part = None
while True:
    part = nn.Linear(2, 1)
    if more():
        break
    part = nn.MSELoss()
part  # role: model
