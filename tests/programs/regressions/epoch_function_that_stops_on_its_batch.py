# Should: Say that the loop may end on one process alone, although the same code evaluates what every process sees whole.
# Why: MIG910: on two processes one trains on, and waits for the other.
# Seen: a detector whose one function trains and validates; it ended with an internal error.
# expect: refused
# expect: MIG910 at "if batch[1].max().item() > 100"
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def run_epoch(phase, loader, model, optimizer):
    for batch in loader:
        x, y = batch
        loss = nn.functional.mse_loss(model(x.to(device)), y.to(device))
        if batch[1].max().item() > 100:
            break
        if phase == "train":
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def main():
    data = TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
    train_loader, val_loader = DataLoader(data, batch_size=8, shuffle=True), DataLoader(data, batch_size=8)
    model = nn.Linear(8, 1).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        run_epoch("train", train_loader, model, optimizer)
        with torch.no_grad():
            run_epoch("val", val_loader, model, optimizer)


if __name__ == "__main__":
    main()
