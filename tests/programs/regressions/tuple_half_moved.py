# Should: Take a target and its value out of the tuple together (`y = y.to(accelerator.device)`), or neither: here `y` meets
#   a tensor of the CPU before it is moved, so that the loader moves no batch, and every move stays.
# Why: P5, and what an author would write.
# Seen: 1 of 81.
# expect: migrated
# expect no text: x, y = x, y
# expect text: x, y = x.to(accelerator.device), y.to(accelerator.device)
# expect text: device_placement=[True, True, False]
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
model = nn.Linear(8, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    y = y + torch.randn(8, 1)
    x, y = x.cuda(), y.cuda()
    x, noise = x.cuda(), torch.randn(8, 1).cuda()
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y + noise)
    loss.backward()
    optimizer.step()
