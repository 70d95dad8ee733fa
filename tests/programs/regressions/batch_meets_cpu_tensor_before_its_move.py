# Should: Where a batch is used before its own move (with a made tensor, `.numpy()`, a numpy index), keep that
#   loader off `device_placement`, or insert the move of the other operand, or refuse with the site.
# Why: P1 (same device): the prepared loader moves the batch earlier than the script did.
# Seen: 1 of 81 (one-hot labels in a semi-supervised script), and every script that makes one-hot labels before the
#   move.
# expect: migrated
# expect text: device_placement=[True, True, False]
# expect text: x, onehot = x.to(device), onehot.to(device)
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randint(0, 4, (64,))), batch_size=8)
model = nn.Linear(8, 4).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
mean = torch.full((8,), 0.5)

for x, y in loader:
    counts = torch.bincount(y, minlength=4).numpy()
    onehot = torch.zeros(len(y), 4).scatter_(1, y.view(-1, 1), 1)
    x = x - mean
    x, onehot = x.to(device), onehot.to(device)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), onehot)
    loss.backward()
    optimizer.step()
    print(counts.max(), loss.item())
