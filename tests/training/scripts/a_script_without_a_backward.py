import torch  # training: nothing
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model = nn.Linear(2, 1)
with torch.no_grad():
    print([model(x) for x in dataset])
