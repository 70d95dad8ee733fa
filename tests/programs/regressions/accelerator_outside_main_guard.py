# Now: `Accelerator()` and `prepare` land at module level although all training starts under the `__main__` guard.
#   Loader workers that re-import the script (spawn on macOS and Windows, forkserver from Python 3.14) make an
#   Accelerator each, under torchrun a process group too: both ranks crash. On one process each worker prepares
#   everything again.
# Should: Put both inside the guard where all training uses are below it (a function that reads globals does not
#   mind), or have the runtime refuse to form a group in a worker process.
# Why: Issue: macOS, Windows and Python 3.14 by design.
# Seen: 6 of 81: everything that has a guard and a loader or device at module level.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = "cuda" if torch.cuda.is_available() else "cpu"
loader = DataLoader(
    TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, num_workers=1,
    multiprocessing_context="forkserver",
)  # fmt: skip
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def train(epoch):
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())


if __name__ == "__main__":
    for epoch in range(2):
        train(epoch)
