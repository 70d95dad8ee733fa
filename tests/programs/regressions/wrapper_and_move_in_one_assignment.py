# Should: Drop an assignment from which one edit takes the wrapper and another one the move, and the `if` around it.
# Why: what was left assigned the variable to itself: `model = model`.
# Seen: 1 of 36 small scripts after public bug reports.
# expect: migrated
# expect no text: model = model
# expect no text: if device.type
# expect text: accelerator.unwrap_model(model).state_dict()
import torch
from torch import nn
from torch.utils.data import DataLoader

from data import dataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def main():
    model = nn.Linear(4, 1).to(device)
    if device.type == "cuda":
        model = nn.DataParallel(model).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in DataLoader(dataset):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x.to(device)), y.to(device)).backward()
        optimizer.step()
    torch.save(model.module.state_dict(), "m.pt")


main()
