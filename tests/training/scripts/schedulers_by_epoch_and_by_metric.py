import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
loader = DataLoader(dataset)  # training: training loader
warm = torch.optim.lr_scheduler.StepLR(optimizer, 9)  # training: scheduler per epoch
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)  # training: scheduler per metric
both = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)  # training: scheduler per mixed
unused = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
for epoch in range(3):  # training: loop; prepare model, optimizer, loader
    for x, y in loader:  # training: loop; draw
        loss = (model(x) - y).pow(2).mean()  # training: forward
        optimizer.zero_grad()
        loss.backward()  # training: backward of model
        optimizer.step()  # training: step
        both.step()  # training: step
    both.step()  # training: step
    warm.step()  # training: step
    plateau.step(loss)  # training: step
