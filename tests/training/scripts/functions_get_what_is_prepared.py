import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader


def train(model, optimizer, loader):
    for x in loader:  # training: loop; draw
        optimizer.zero_grad()
        model(x).mean().backward()  # training: forward; backward of model
        optimizer.step()  # training: step


def main():
    net = nn.Linear(2, 1)  # training: trained model
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)  # training: optimizer of the training
    loader = DataLoader(dataset)  # training: training loader
    for epoch in range(3):  # training: loop; prepare net, optimizer, loader
        train(net, optimizer, loader)


main()
