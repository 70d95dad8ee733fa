# Should: Say that training happens in `trainer.py` (or in a module that could not be read) and which paths to pass.
# Why: P3, P4 (a program is the entry and the modules it reaches).
# Seen: 1 of 119 when given alone; every trainer project.
# expect: refused
# expect: MIG915
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from trainer import Trainer

device = torch.device("cuda")
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
trainer = Trainer(model=model, optimizer=optimizer, device=device)
trainer.train(loader)
