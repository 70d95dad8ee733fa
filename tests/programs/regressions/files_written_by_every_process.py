# Should: `with open(path, "w" or "a")` whose body only writes, `DataFrame.to_csv`, `open(...).write(...)`,
#   `FileHandler`, and `SummaryWriter` / `add_*` go under `if accelerator.is_main_process:`, or are reported under
#   MIG505 and MIG705.
# Why: P2 (files written once), P3; with mode "a" the file is wrong, not just late.
# Seen: 13 of 81 migrated files: SummaryWriter 7, to_csv 3, csv or open 3, FileHandler 1.
# expect: migrated
# expect text: '    with open("log.csv", "a") as log:\n            csv'
# expect text: '        pandas.DataFrame(history).to_csv("history.csv")'
# expect: MIG505
# expect: MIG704 at "logging.getLogger().addHandler(logging.FileHandler("train.log"))"
# expect: MIG705 at "writer = SummaryWriter("runs/test")"
import csv
import json
import logging

import pandas
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.tensorboard import SummaryWriter

loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
writer = SummaryWriter("runs/test")
logging.getLogger().addHandler(logging.FileHandler("train.log"))
history = {"loss": []}
with open("log.csv", "w") as log:
    csv.writer(log).writerow(["epoch", "loss"])
text = open("log.txt", "w")
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    writer.add_scalar("loss", loss.item(), epoch)
    history["loss"].append(loss.item())
    with open("log.csv", "a") as log:
        csv.writer(log).writerow([epoch, loss.item()])
    text.write(f"{epoch} {loss.item()}\n")
    pandas.DataFrame(history).to_csv("history.csv")
open("arguments.json", "w").write(json.dumps(history))
