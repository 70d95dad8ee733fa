import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
loader = DataLoader(dataset)  # training: training loader
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 9)  # training: scheduler per batch
for epoch in range(3):  # training: loop; prepare model, optimizer, loader, scheduler
    for x, y in loader:  # training: loop; draw
        loss = (model(x) - y).pow(2).mean()  # training: forward
        optimizer.zero_grad()
        loss.backward()  # training: backward of model
        optimizer.step()  # training: step
        scheduler.step()  # training: step
