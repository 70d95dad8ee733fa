import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader


class Trainer:
    def __init__(self, width):
        self.model = nn.Linear(width, 1)  # training: trained model
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)  # training: optimizer of the training; prepare self.model, self.optimizer after

    def train(self):
        for x in DataLoader(dataset):  # training: loop; draw; training loader; prepare here
            self.optimizer.zero_grad()
            self.model(x).mean().backward()  # training: forward; backward of self.model
            self.optimizer.step()  # training: step
