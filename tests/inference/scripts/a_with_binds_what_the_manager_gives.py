import torch
from torch import nn

with torch.no_grad():
    model = nn.Linear(2, 1)  # role: model
with open("log.txt") as file:  # role: unknown
    pass
