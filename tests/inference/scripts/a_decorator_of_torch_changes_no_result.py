import torch
from torch import nn


@torch.no_grad()
def build():
    return nn.Linear(2, 1)


model = build()  # role: model
