# Should: A function that no file calls, that needs no argument and reads the command line is a command (`setup.py`
#   names it as an entry point): it is the program's beginning, and the Accelerator is made in it.
# Why: "built in none of the given files" is wrong about a file that builds it.
# Seen: 1 of 120 repositories (a BERT, `__main__.py`).
# expect: migrated
# expect text: self.accelerator.backward(loss)
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    return parser.parse_args()


class Trainer:
    def __init__(self, model, loader):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = model.to(self.device)
        self.loader = loader
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def fit(self):
        for x, y in self.loader:
            loss = nn.functional.mse_loss(self.model(x.to(self.device)), y.to(self.device))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return loss.item()


def train():
    args = options()
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
    trainer = Trainer(nn.Linear(8, 1), loader)
    for epoch in range(args.epochs):
        print(epoch, trainer.fit())
