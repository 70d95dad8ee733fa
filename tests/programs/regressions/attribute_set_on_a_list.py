# Should: Migrate: an attribute that is set on a list is no element of it, and no place where the model could be bound again.
# Why: no index names that place; the variable that holds the model is the one that `prepare` rebinds.
# Seen: 1 of 27 repositories, in code that keeps a compiled model beside the plain ones.
# expect: migrated
# expect text: model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
import torch
from torch import nn
from torch.utils.data import DataLoader

from data import dataset

model = nn.Linear(8, 1).cuda()
kept = [None]
kept._orig_mod = model
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(dataset)
for x, y in loader:
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x.cuda()), y.cuda()).backward()
    optimizer.step()
