# expect: migrated
# expect text: torch.zeros(x.size(0), 1).to(me.inner.weight.device)
# expect text: device=me.inner.weight.device)
# expect text: .to(self.head.weight.device, non_blocking=True)
# expect text: torch.ones(1).cuda()
# expect: MIG104 at "torch.ones(1).cuda()"
# expect: MIG104 says "use the device of an input"
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, n):
        super(Block, self).__init__()
        self.inner = nn.Linear(n, n)

    def forward(me, x):
        pad = torch.zeros(x.size(0), 1).cuda()
        noise = torch.randn(x.shape, device="cuda")
        return me.inner(x) + pad + 0 * noise


class Squash(nn.Module):
    def forward(self, x):
        return x * torch.ones(1).cuda()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block(8)
        self.squash = Squash()
        self.head = nn.Linear(8, 4)

    def start(self, n):
        return torch.zeros(n, 8).cuda(non_blocking=True)

    def forward(self, x):
        return self.head(self.squash(self.block(x + self.start(len(x)))))
