from torch import nn, optim
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau
from transformers import get_linear_schedule_with_warmup

optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
a = CosineAnnealingLR(optimizer, 10)  # role: scheduler of optimizer
b = ReduceLROnPlateau(optimizer)  # role: scheduler of optimizer
c = lr_scheduler.LambdaLR(optimizer, lambda step: 1)  # role: c: scheduler of optimizer
d = get_linear_schedule_with_warmup(optimizer, 1, 10)  # role: scheduler of optimizer
