import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
loader = DataLoader(dataset)  # training: training loader
for x in loader:  # training: loop; draw; prepare model; prepare loader
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
    optimizer.zero_grad()
    model(x).mean().backward()  # training: forward; backward of model
    optimizer.step()  # training: step; prepare optimizer
