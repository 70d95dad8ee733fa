import torch.nn.functional as F
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

model, criterion, loader = nn.Linear(2, 1), nn.MSELoss(), DataLoader(dataset)
for x, y in loader:
    output = model(x)  # role: tensor of model, x
    loss = criterion(output, y)  # role: tensor of criterion, model, x
    other = F.cross_entropy(output, y)  # role: tensor of model, x
    total = loss + 0.1 * other  # role: tensor of criterion, model, x
    number = loss.item()  # role: unknown
    detached = output.detach()  # role: tensor of x
