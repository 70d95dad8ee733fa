from types import SimpleNamespace

from torch import nn

parts = SimpleNamespace(model=nn.Linear(2, 1), loss=nn.MSELoss())
model = parts.model  # role: model
loss = parts.loss  # role: criterion
