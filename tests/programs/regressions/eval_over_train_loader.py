# Should: Leave the loader that an evaluation also reads to MIG206 (evaluate over an unprepared copy), gather and
#   reduce, or stop the program and say so; report every sum over a prepared loader that is divided by
#   `len(dataset)`.
# Why: P2 (metrics printed are global), P3. The transfer-learning idiom `running_corrects / dataset_sizes[phase]` is
#   the same.
# Seen: 11 of 81 migrated files: graph networks (6), distillation (2), semi-supervised (1), world models (1),
#   transfer learning (every copy of it).
# expect: migrated
# expect: MIG602
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

data = TensorDataset(torch.randn(64, 8), torch.randint(0, 2, (64,)))
train_loader = DataLoader(data, batch_size=8, shuffle=True)
test_loader = DataLoader(data, batch_size=8)
model = nn.Linear(8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def train():
    total = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    return total / len(train_loader.dataset)


@torch.no_grad()
def accuracy(loader):
    correct = 0
    for x, y in loader:
        correct += (model(x).argmax(dim=1) == y).sum().item()
    return correct / len(loader.dataset)


for epoch in range(2):
    loss = train()
    print(f"loss {loss:.4f} train {accuracy(train_loader):.4f} test {accuracy(test_loader):.4f}")
