# Should: Make a plain Accelerator: the default "cpu" holds only where there is no GPU.
# Why: `torch.cuda.current_device()` was not known as a device, and the Accelerator got `cpu=True`.
# Seen: trainers after minGPT.
# expect: migrated
# expect text: "accelerator = Accelerator()\n"
# expect no text: current_device
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device: str | int = "cpu"
if torch.cuda.is_available():
    device = torch.cuda.current_device()

loader = DataLoader(TensorDataset(torch.randn(24, 3), torch.randn(24, 1)), batch_size=6, shuffle=True)
model = nn.Linear(3, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
