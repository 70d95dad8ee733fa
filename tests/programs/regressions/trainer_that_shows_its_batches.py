# Should: Migrate: what a method is handed does not become a part of all that its object holds.
# Why: a limit that is an option of the command line is the same on every process.
# Seen: a detector whose trainer draws its batches where that is asked for.
# expect: migrated
# expect no: MIG910
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Trainer:
    def __init__(self, opt, model, optimizer):
        self.opt = opt
        self.model = model
        self.optimizer = optimizer

    def run_epoch(self, phase, loader):
        opt = self.opt
        limit = len(loader) if opt.limit < 0 else opt.limit
        for i, batch in enumerate(loader):
            if i >= limit:
                break
            x, y = batch[0].to(device), batch[1].to(device)
            loss = nn.functional.mse_loss(self.model(x), y)
            if phase == "train":
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            if opt.show:
                self.show(batch, loss, i)

    def show(self, batch, loss, number):
        raise NotImplementedError


def main(opt):
    data = TensorDataset(torch.randn(64, 8), torch.randn(64, 1))
    train_loader, val_loader = DataLoader(data, batch_size=8, shuffle=True), DataLoader(data, batch_size=8)
    model = nn.Linear(8, 1).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = Trainer(opt, model, optimizer)
    for epoch in range(2):
        trainer.run_epoch("train", train_loader)
        with torch.no_grad():
            trainer.run_epoch("val", val_loader)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=-1)
    parser.add_argument("--show", action="store_true")
    main(parser.parse_args())
