import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model, losses = nn.Linear(2, 1), {}
for x in DataLoader(dataset):
    losses["fit"] = model(x).mean()
    losses["size"] = model.weight.norm()
    total = sum(losses.values())  # role: tensor of model, x, part
    stacked = torch.stack([losses["fit"], losses["fit"]])  # role: tensor of model, x
