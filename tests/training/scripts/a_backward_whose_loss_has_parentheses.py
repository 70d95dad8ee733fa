import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
loader = DataLoader(dataset)  # training: training loader
for x in loader:  # training: loop; draw; prepare model, optimizer, loader
    optimizer.zero_grad()
    (model(x).mean() / 4).backward()  # training: forward; backward of model
    optimizer.step()  # training: step
