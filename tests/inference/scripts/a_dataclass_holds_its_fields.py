from dataclasses import dataclass, field

from torch import nn


@dataclass
class Parts:
    model: nn.Module
    loss: nn.Module = nn.MSELoss()
    extra: list = field(default_factory=list)


parts = Parts(nn.Linear(2, 1))  # role: instance
model = parts.model  # role: model
loss = parts.loss  # role: criterion
extra = parts.extra  # role: sequence
