import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
loader = DataLoader(dataset)  # training: training loader
batches = iter(loader)  # training: prepare model, optimizer, loader
for number in range(9):  # training: loop
    x = next(batches)  # training: draw
    optimizer.zero_grad()
    model(x).mean().backward()  # training: forward; backward of model
    optimizer.step()  # training: step
