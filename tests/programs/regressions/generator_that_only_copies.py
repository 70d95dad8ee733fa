# Should: A generator expression or list comprehension that only copies goes: `x, y = data`.
# Why: P5, and what an author would write.
# Seen: 1 of 40 repositories (sharpness-aware training).
# expect: migrated
# expect text: '    x, y = data\n'
# expect no text: device = accelerator.device
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for data in loader:
    x, y = (value.to(device) for value in data)
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
