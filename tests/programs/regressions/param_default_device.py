# Before: The only device is the default of a parameter (`def train(epochs=2, device="cuda:0")`). It is left as it is,
#   the script is said to name no device, the Accelerator gets `cpu=True` and the moves of model and batch go.
#   `sample(4, device)` still goes to cuda:0: on a GPU machine the training moves to the CPU and the sampling
#   raises.
# Should: Read a default that no caller overrides as a definition of the device (`device = accelerator.device` in
#   the body, or the argument re-pointed), or refuse; never claim that no device is named.
# Why: P1 (same device); two of its messages contradict each other.
# Seen: 3 scripts of one of 40 repositories (diffusion); the default `device="cuda"` is common in small diffusion
#   scripts.
# expect: refused
# expect: MIG101 at "def train(epochs=2, device="cuda:0")"
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Sampler(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 1)

    def forward(self, x):
        return self.body(x)

    def sample(self, n, device):
        return self.body(torch.randn(n, 8).to(device))


def train(epochs=2, device="cuda:0"):
    model = Sampler()
    model.to(device)
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(epochs):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            print(epoch, model.sample(4, device).mean().item())


if __name__ == "__main__":
    train()
