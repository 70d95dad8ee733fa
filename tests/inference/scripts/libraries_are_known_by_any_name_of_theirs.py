import torch
import torch as t
import torch.nn as nn
import torch.optim
from torch.nn import Linear as Layer
from torch.utils import data

model = nn.Linear(2, 1)  # role: model
other = Layer(2, 1)  # role: model
third = t.nn.Linear(2, 1)  # role: model
sequence = nn.Sequential(nn.Linear(2, 1), nn.ReLU())  # role: model
optimizer = torch.optim.AdamW(model.parameters())  # role: optimizer of model
loader = data.DataLoader([1, 2])  # role: loader
layers = torch.nn  # role: library `torch.nn`
