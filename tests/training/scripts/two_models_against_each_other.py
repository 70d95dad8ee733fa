import torch
from data import dataset
from torch import nn
from torch.utils.data import DataLoader

maker, judge = nn.Linear(2, 2), nn.Linear(2, 1)  # training: trained model
maker_optimizer = torch.optim.Adam(maker.parameters())  # training: optimizer of the training
judge_optimizer = torch.optim.Adam(judge.parameters())  # training: optimizer of the training
for real in DataLoader(dataset):  # training: loop; draw; training loader; prepare here; prepare maker, judge, maker_optimizer, judge_optimizer
    judge_optimizer.zero_grad()
    fake = maker(torch.randn(4, 2))  # training: forward
    loss = judge(fake.detach()).mean() - judge(real).mean()  # training: forward
    loss.backward()  # training: backward of judge
    judge_optimizer.step()  # training: step
    maker_optimizer.zero_grad()
    judge(fake).mean().neg().backward()  # training: forward; backward of judge, maker
    maker_optimizer.step()  # training: step
