# Should: Say so: "`GAN` is made in no file that was read; pass the script that makes it as well" (recipe: its path,
#   where an importer is found). Or take the constructor as the entry: all objects are made there.
# Why: A wrong reason costs the user more than none.
# Seen: 8 of 119: generative models (3), segmentation trainer, text classification (2), policy optimisation, metric
#   learning ("has no place between its construction and its first use").
# expect: refused
# expect: MIG201
import torch
from data import make_loader
from torch import nn


class GAN:
    def __init__(self, args):
        self.epoch = args.epoch
        self.gpu_mode = args.gpu_mode
        self.loader = make_loader(args.dataset, args.batch_size)
        self.G = nn.Linear(4, 8)
        self.D = nn.Linear(8, 1)
        self.G_optimizer = torch.optim.Adam(self.G.parameters(), lr=args.lr)
        self.D_optimizer = torch.optim.Adam(self.D.parameters(), lr=args.lr)
        if self.gpu_mode:
            self.G.cuda()
            self.D.cuda()

    def train(self):
        for epoch in range(self.epoch):
            for x, _ in self.loader:
                z = torch.rand(len(x), 4)
                if self.gpu_mode:
                    x, z = x.cuda(), z.cuda()
                self.D_optimizer.zero_grad()
                D_loss = self.D(self.G(z)).mean() - self.D(x).mean()
                D_loss.backward()
                self.D_optimizer.step()
                self.G_optimizer.zero_grad()
                G_loss = -self.D(self.G(z)).mean()
                G_loss.backward()
                self.G_optimizer.step()
