# Now: Refused, with a reason that is untrue: `hardware` is bound by its import, above. With that mended alone, it would
#   be `Accelerator(cpu=not hardware.is_xpu_available())`, which keeps to the CPU on a machine with CUDA.
# Should: Take the whole choice over: to the CPU where no arm picks anything else. Collapse the arms, keep the comment
#   above, and remove imports that only the conditions used (MIG002). Until then, refuse.
# Why: P1 (same device), and a message that is untrue.
# Seen: 2 of 81.
# expect: refused
# expect: MIG201 at "model = nn.Linear"
# expect! text: cpu=not (torch.cuda.is_available() or hardware.is_xpu_available()) (one arm is taken for all of them)
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
