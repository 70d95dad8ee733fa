import torch
from torch import nn

model = nn.Linear(2, 1)  # training: trained model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training
for step in range(3):  # training: loop; prepare model, optimizer
    x = torch.randn(4, 2)
    optimizer.zero_grad()
    model(x).mean().backward()  # training: forward; backward of model
    optimizer.step()  # training: step
