# Should: A loop that ends on a loss of data that every process draws for itself, from generators that nobody seeds, is no loop
#   to migrate: one process leaves it, and the other waits for its gradients.
# Why: only `random` and `numpy.random` counted as chance, not `torch.randn`.
# Seen: 1 of 27 repositories (a polynomial regression).
# expect: refused
# expect: MIG910 at "if loss.item() < 1e-3"
import torch
from torch import nn

target = torch.randn(4, 1)


def make_batch():
    x = torch.randn(32, 4)
    return x, x.mm(target)


model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

while True:
    x, y = make_batch()
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    if loss.item() < 1e-3:
        break
