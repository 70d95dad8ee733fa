from torch import nn

model: nn.Module = nn.Linear(2, 1)  # role: model
late: nn.Module  # role: nothing
late = model  # role: model = model
