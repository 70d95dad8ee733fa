from data import dataset
from torch import nn
from torch.utils.data import DataLoader

loader, other = DataLoader(dataset), DataLoader(dataset)
for number, x in enumerate(loader):  # role: number: unknown; x: batch of loader
    pass
for x, y in zip(loader, other):  # role: x: batch of loader; y: batch of other
    pass
for number, (x, y) in enumerate(zip(loader, other)):  # role: number: unknown; x: batch of loader; y: batch of other
    pass
for model, loss in zip([nn.Linear(2, 1)], [nn.MSELoss()]):  # role: model: model; loss: criterion
    pass
