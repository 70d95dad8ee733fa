from typing import NamedTuple

from torch import nn


class Parts(NamedTuple):
    model: nn.Module
    loss: nn.Module


parts = Parts(nn.Linear(2, 1), loss=nn.MSELoss())
model = parts.model  # role: model
loss = parts.loss  # role: criterion
