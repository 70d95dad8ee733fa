import torch
from torch import nn


class Trainer:
    def __init__(self, model):  # training: trained model
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # training: optimizer of the training

    def train(self, loader):  # training: training loader; obstacle
        for x in loader:  # training: loop; draw
            self.optimizer.zero_grad()
            self.model(x).mean().backward()  # training: forward; backward of model
            self.optimizer.step()  # training: step
