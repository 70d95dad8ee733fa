from choices import kind
from torch import nn

if kind:
    part = nn.Linear(2, 1)
copy = part  # role: model
