# Now: Three arms that all say `device = accelerator.device` stay, because of a comment in one. Without the comment
#   they collapse, but `import hardware`, used by a condition that went, stays unused.
# Should: Collapse and keep the comment above; MIG002 for imports that only the removed conditions used.
# Why: P5, pyflakes.
# Seen: 2 of 81.
import hardware
import torch
from torch import nn

if torch.cuda.is_available():
    device = torch.device("cuda")
elif hardware.is_xpu_available():
    device = torch.device("xpu")
else:
    # the slow one
    device = torch.device("cpu")
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    loss = model(torch.randn(16, 8, device=device)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
