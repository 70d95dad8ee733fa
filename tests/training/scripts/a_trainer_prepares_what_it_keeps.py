import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader


class Trainer:
    def __init__(self):
        self.model = nn.Linear(2, 1)  # training: trained model
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)  # training: optimizer of the training
        self.loader = DataLoader(dataset)  # training: training loader; prepare self.model, self.optimizer, self.loader after

    def train(self):
        for x in self.loader:  # training: loop; draw
            self.step(x)

    def step(self, x):
        self.optimizer.zero_grad()
        loss = self.model(x).mean()  # training: forward
        loss.backward()  # training: backward of self.model
        self.optimizer.step()  # training: step


Trainer().train()
