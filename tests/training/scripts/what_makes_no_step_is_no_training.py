import torch
from torch import nn

model = nn.Linear(2, 1).eval()
image = torch.zeros(2, requires_grad=True)
for _ in range(3):  # training: loop
    loss = model(image).mean()
    loss.backward()  # training: backward of nothing
