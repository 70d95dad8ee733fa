import torch
from torch import nn

noise = torch.randn(4, 2)  # role: fresh tensor
same = torch.zeros_like(noise)  # role: tensor of noise, fresh tensor
old = torch.FloatTensor(4, 2)  # role: fresh tensor
weight = nn.Parameter(torch.zeros(2))  # role: fresh tensor
mask = noise > 0  # role: tensor of noise
output = nn.Linear(2, 1)(noise)  # role: tensor of torch.nn.Linear, noise
