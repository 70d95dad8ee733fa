import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(2, 1)  # role: model


class Deep(Net):
    pass


class Loss(nn.modules.loss._Loss):
    pass


class Data(torch.utils.data.Dataset):
    pass


class Order(torch.utils.data.Sampler):
    pass


class Slow(torch.optim.Optimizer):
    pass


model = Net()  # role: model
deep = Deep()  # role: model
loss = Loss()  # role: model
data = Data()  # role: dataset
order = Order()  # role: sampler
optimizer = Slow(model.parameters())  # role: optimizer of model
part = model.body  # role: part of model
