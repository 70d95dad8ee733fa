"""Scripts that several examples share."""

from __future__ import annotations

MIGRATED = """
import torch
from torch import nn
from data import dataset
from runtime import Accelerator

accelerator = Accelerator()
device = accelerator.device
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = torch.utils.data.DataLoader(dataset)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for x, y in loader:
    optimizer.zero_grad()
    accelerator.backward(nn.functional.mse_loss(model(x), y))
    optimizer.step()
accelerator.save(accelerator.unwrap_model(model).state_dict(), "model.pt")
"""
INFERENCE = """
import torch
from torch import nn
from data import dataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = nn.Linear(4, 1)
model.load_state_dict(torch.load("model.pt", map_location=device))
model.to(device).eval()
for x, _ in torch.utils.data.DataLoader(dataset):
    print(model(x.to(device)))
"""
TRAINED = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in DataLoader(dataset):
    nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
    optimizer.step()
"""
GAN = """
import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from data import dataset

maker, judge = nn.Linear(2, 4).cuda(), nn.Linear(4, 1).cuda()
opt_maker = optim.Adam(maker.parameters())
opt_judge = optim.Adam(judge.parameters())
for x, _ in DataLoader(dataset, batch_size=8):
    fake = maker(torch.randn(8, 2).cuda())
    opt_judge.zero_grad()
    (judge(fake.detach()) - judge(x.cuda())).mean().backward()
    opt_judge.step()
    opt_maker.zero_grad()
    (-judge(fake)).mean().backward()
    opt_maker.step()
"""
LEARNER = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset

class Trainer:
    def __init__(self, net):
        self.net = net.cuda()
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.data = DataLoader(dataset)

    def fit(self):
        for x, y in self.data:
            self.opt.zero_grad()
            nn.functional.mse_loss(self.net(x.cuda()), y.cuda()).backward()
            self.opt.step()

Trainer(nn.Linear(4, 1)).fit()
"""
_SCHEDULED = """
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR as Decay
from torch.utils.data import DataLoader
from data import dataset

model = nn.Linear(4, 1).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = Decay(optimizer, 10)
loader = DataLoader(dataset)
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
        optimizer.step()
        BATCH
    EPOCH
"""


def stepped(batch: str = "pass", epoch: str = "pass") -> str:
    """Give a script with a scheduler, and what stands at the end of its two loops."""
    return _SCHEDULED.replace("BATCH", batch).replace("EPOCH", epoch)


_NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.width = 4
        self.layer = nn.Linear(4, 1)

    def forward(self, x):
        return self.layer(x)

    def score(self, x):
        return self.layer(x).abs()

model = Net()
"""
_OWN = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from data import dataset
NET
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset)
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(FORWARD, y)
    loss.backward()
    optimizer.step()
    AFTER
"""


def own(forward: str = "model(x)", after: str = "pass") -> str:
    """Give a script with a custom network, a loss, and the lines after a step."""
    return _OWN.replace("NET", _NET).replace("FORWARD", forward).replace("AFTER", after)
