# Should: Remove a flag for a GPU with its last reader, as a device variable is; keep one that something still asks.
# Why: `use_cuda = torch.cuda.is_available()` was left behind, read by nothing.
# Seen: scripts whose every `if use_cuda:` holds nothing but moves.
# expect: migrated
# expect text: 'pin = torch.cuda.is_available()\n'
# expect no text: use_cuda
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

use_cuda = torch.cuda.is_available()
pin = torch.cuda.is_available()
loader = DataLoader(
    TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True, pin_memory=pin
)
model = nn.Linear(8, 1)
if use_cuda:
    model.cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    if use_cuda:
        x, y = x.cuda(), y.cuda()
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
