# Should: Take the `if` away with the wrapper at once: what is left in it is a move.
# Why: The `if` stayed, and a second run would have taken it away.
# Seen: `model = nn.DataParallel(model).cuda()` where there is a GPU.
# expect: migrated
# expect text: raw_model = accelerator.unwrap_model(model)
# expect no text: "if "
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(24, 3), torch.randn(24, 1)), batch_size=6, shuffle=True)
model = nn.Linear(3, 1)
if torch.cuda.is_available():
    model = nn.DataParallel(model).cuda()
raw_model = model.module if hasattr(model, "module") else model
optimizer = torch.optim.SGD(raw_model.parameters(), lr=0.1)
for x, y in loader:
    if torch.cuda.is_available():
        x, y = x.cuda(), y.cuda()
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
