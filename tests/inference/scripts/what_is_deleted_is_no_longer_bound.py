from torch import nn

model = nn.Linear(2, 1)  # role: model
del model
model  # role: opaque
