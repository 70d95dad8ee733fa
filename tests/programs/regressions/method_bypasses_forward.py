# Now: Refused with either target.
# Should: Stop with MIG903 for `accelerate`, whose gradients would stay on their process; migrate for `runtime`, which
#   averages what any method of a prepared model computes, and say that only the bundled runtime does.
# Why: The contract counts it among what is right as it stands, and the runtime's tests prove it.
# Seen: 5 wrong (ppo, link prediction, node2vec, recommender, contrastive world model) and 4 refused without need,
#   of 119.
# expect: refused
# expect: MIG903 at "loss = model.loss(x, y)"
# expect!: migrated (the target is not asked)
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(8, 4)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(4, 1))

    def forward(self, x):
        return self.head(self.encoder(x))

    def loss(self, x, y):
        return nn.functional.mse_loss(self.head(self.encoder(x)), y)


torch.manual_seed(0)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(32, 8), torch.randn(32, 1)), batch_size=4, shuffle=True)
for epoch in range(2):
    for x, y in loader:
        loss = model.loss(x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
import os
import sys

sys.stdout.write(f"{os.environ.get('RANK', '-')} {sum(p.abs().sum().item() for p in model.parameters()):.6f}\n")
