# Before: Refused, with a reason that was untrue: `hardware` is bound by its import, above. With that mended alone, it would
#   have been `Accelerator(cpu=not hardware.is_xpu_available())`, which keeps to the CPU on a machine with CUDA.
# Now: The arms stay, although all of them say the same.
# Should: Make a plain Accelerator, which takes what there is, as the arms do. Collapse the arms, keep the comment above,
#   and remove imports that only the conditions used (MIG002).
# Why: P1 (same device), and a message that was untrue.
# Seen: 2 of 81.
# expect: migrated
# expect text: "accelerator = Accelerator()\n"
# expect text: "    # the slow one\n    device = accelerator.device\n"
# expect no text: torch.device(
# expect no: MIG201
# expect! no text: import hardware (arms with a comment among them are not collapsed)
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
