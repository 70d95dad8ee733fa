from data import dataset
from torch import nn
from torch.utils.data import DataLoader


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(2, 1)

    def forward(self, x, noise=None):  # role: self: model = model; x: opaque
        hidden = self.body(x)  # role: tensor of x, self.body
        return hidden


model = Net()
for batch in DataLoader(dataset):
    output = model(batch)  # role: tensor of model, batch
