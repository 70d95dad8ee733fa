# Should: Skip the guard when looking for conditions.
# Why: MIG402 as documented: checkpoints of before would not load.
# Seen: 1 of 81 (face recognition); whoever trains under the guard.
# expect: refused
# expect: MIG402 at "model = DataParallel(model)"
import torch
from torch import nn
from torch.nn import DataParallel
from torch.utils.data import DataLoader, TensorDataset


def save_model(model, path):
    torch.save(model.state_dict(), path)


if __name__ == "__main__":
    device = torch.device("cuda")
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
    model = nn.Linear(8, 1)
    model.to(device)
    model = DataParallel(model)
    optimizer = torch.optim.SGD([{"params": model.parameters()}], lr=0.1)
    for epoch in range(2):
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
        if epoch % 2 == 0:
            save_model(model, f"model_{epoch}.pth")
