import torch
from accelerate import Accelerator
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

accelerator = Accelerator()
model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
loader = DataLoader(dataset)  # training: training loader
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x in loader:  # training: loop; draw
    optimizer.zero_grad()
    accelerator.backward(model(x).mean())  # training: forward; backward of model
    optimizer.step()  # training: step
