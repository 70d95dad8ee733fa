# Should: A name that moves use is a device however it was made: re-point it (`device = accelerator.device`), or
#   keep all moves; never claim that no device is named while a `.to(name)` stands there.
# Why: P1, and a message that is untrue.
# Seen: 1 of 81 here; 2 examples of one graph library, every project with a `get_device()` of its own in another
#   file.
# expect: migrated
# expect text: Accelerator(cpu=device.type == "cpu")
# expect text: device = accelerator.device
import torch
from toolbox import pick_device
from torch import nn

device = pick_device("auto")
data = torch.randn(16, 8).to(device)
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    optimizer.zero_grad()
    loss = model(data).pow(2).mean()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())
