import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
loader = DataLoader(dataset)  # training: training loader
for x in loader:  # training: loop; draw; prepare model, loader
    model.zero_grad()
    model(x).mean().backward()  # training: forward; backward of model
    for weight in model.parameters():
        weight.data.add_(weight.grad, alpha=-0.1)
