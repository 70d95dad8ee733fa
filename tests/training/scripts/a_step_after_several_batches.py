import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 9)  # training: scheduler per batch
loader = DataLoader(dataset)  # training: training loader
for number, (x, y) in enumerate(loader):  # training: loop; draw; prepare model, optimizer, loader, scheduler
    loss = (model(x) - y).pow(2).mean() / 4  # training: forward
    loss.backward()  # training: backward of model
    if (number + 1) % 4 == 0:
        optimizer.step()  # training: step
        optimizer.zero_grad()
        scheduler.step()  # training: step
