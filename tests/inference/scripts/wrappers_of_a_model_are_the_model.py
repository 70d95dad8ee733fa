import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel as DDP

net = nn.Linear(2, 1)  # role: model
parallel = nn.DataParallel(net)  # role: model = net
distributed = DDP(net)  # role: model = net
compiled = torch.compile(net)  # role: model = net
inner = parallel.module  # role: model = net
scripted = torch.jit.script(net)  # role: model = net
