# Should: Say that checkpoints of before call their entries `module....` where the wrapper that goes was put on under a condition.
# Why: on a machine with GPUs, such a checkpoint no longer loads, and nothing said so.
# Seen: 2 of 27 repositories (image classification).
# expect: migrated
# expect text: accelerator.unwrap_model(net).state_dict()
# expect no text: DataParallel(
# expect: MIG402 at "net = nn.DataParallel(net)"
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = "cuda" if torch.cuda.is_available() else "cpu"
net = nn.Linear(4, 1).to(device)
if device == "cuda":
    net = nn.DataParallel(net)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(64, 4)), batch_size=8)

for (x,) in loader:
    optimizer.zero_grad()
    loss = net(x.to(device)).pow(2).mean()
    loss.backward()
    optimizer.step()
torch.save(net.state_dict(), "net.pt")
