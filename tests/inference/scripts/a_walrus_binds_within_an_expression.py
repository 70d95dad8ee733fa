from torch import nn

if (model := nn.Linear(2, 1)) is not None:  # role: model
    pass
used = model  # role: model = model
