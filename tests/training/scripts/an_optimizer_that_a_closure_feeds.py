import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.LBFGS(model.parameters())  # training: optimizer of the training
loader = DataLoader(dataset)  # training: training loader
for x in loader:  # training: loop; draw; prepare model, optimizer, loader

    def closure():
        optimizer.zero_grad()
        loss = model(x).mean()  # training: forward
        loss.backward()  # training: backward of model
        return loss

    optimizer.step(closure)  # training: step
