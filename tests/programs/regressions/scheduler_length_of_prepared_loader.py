# Should: Where the length is the prepared one, leave the per-batch scheduler unprepared; or report MIG204.
# Why: P2 (schedule unchanged in meaning).
# Seen: Not in the 81; the detection reference loop that many copy.
# expect: migrated
# expect: MIG204 at "warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.001, total_iters=len(data_loader) - 1)"
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train_one_epoch(model, optimizer, data_loader, epoch):
    warmup = None
    if epoch == 0:
        warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.001, total_iters=len(data_loader) - 1)
    for x, y in data_loader:
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if warmup is not None:
            warmup.step()
        print(epoch, optimizer.param_groups[0]["lr"])


def main():
    data_loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
    model = nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005)
    for epoch in range(2):
        train_one_epoch(model, optimizer, data_loader, epoch)


main()
