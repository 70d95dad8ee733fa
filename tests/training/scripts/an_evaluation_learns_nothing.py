import torch
from data import dataset, val_dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
loader = DataLoader(dataset)  # training: training loader
val_loader = DataLoader(val_dataset)  # training: evaluation loader


def evaluate():
    with torch.no_grad():
        for x, y in val_loader:
            print((model(x) - y).pow(2).mean())  # training: forward


for epoch in range(3):  # training: loop; prepare model, optimizer, loader
    for x, y in loader:  # training: loop; draw
        loss = (model(x) - y).pow(2).mean()  # training: forward
        optimizer.zero_grad()
        loss.backward()  # training: backward of model
        optimizer.step()  # training: step
    evaluate()
