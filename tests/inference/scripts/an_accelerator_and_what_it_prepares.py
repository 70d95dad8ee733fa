import torch
from accelerate import Accelerator
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

accelerator = Accelerator()  # role: accelerator
device = accelerator.device  # role: device
net = nn.Linear(2, 1)  # role: model
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)  # role: optimizer of net
loader = DataLoader(dataset)  # role: loader
model, optimizer, loader = accelerator.prepare(net, optimizer, loader)  # role: model: prepared model = net; optimizer: prepared optimizer; loader: prepared loader
for x in loader:  # role: batch of loader
    loss = model(x).mean()  # role: tensor of net, x
raw = accelerator.unwrap_model(model)  # role: model = net
