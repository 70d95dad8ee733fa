# Should: Migrate, though the Accelerator and `prepare` stand at module level and all training under the `__main__`
#   guard: the runtime makes no process group in a process that only reads the script again, as loader workers do that
#   are started by `spawn` or `forkserver`.
# Why: P2. Such a worker inherits the rank of its process; with a group of its own both ranks crashed.
# Seen: 6 of 81: everything that has a guard and a loader or device at module level.
# expect: migrated
# expect text: 'import Accelerator\n\naccelerator = Accelerator()\nloader'
# expect text: 'model, optimizer, loader = accelerator.prepare(model, optimizer, loader)\n\n\nif __name__'
# expect no: MIG201
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
