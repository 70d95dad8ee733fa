# Should: No word about a second backward where each goes through a forward of its own: of two models in turn, where the
#   first one's output is detached, where the model runs again in between, and where the loop goes on after the first.
# Why: the usual training of two models against each other was said to part.
# Seen: 9 of 27 repositories (adversarial training).
# expect: migrated
# expect text: accelerator.backward(judge(fake).mean())
# expect no: MIG313
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

maker, judge = nn.Linear(2, 4).cuda(), nn.Linear(4, 1).cuda()
opt_maker = optim.Adam(maker.parameters())
opt_judge = optim.Adam(judge.parameters())
loader = DataLoader(TensorDataset(torch.randn(64, 4)), batch_size=8)

for step, (x,) in enumerate(loader):
    fake = maker(torch.randn(8, 2).cuda())
    if step < 3:
        opt_maker.zero_grad()
        fake.pow(2).mean().backward()
        opt_maker.step()
        continue
    opt_judge.zero_grad()
    judge(x.cuda()).mean().backward()
    judge(fake.detach()).mean().neg().backward()
    opt_judge.step()
    opt_maker.zero_grad()
    judge(fake).mean().backward()
    opt_maker.step()
