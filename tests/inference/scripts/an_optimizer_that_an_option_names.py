import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
args = parser.parse_args()  # role: option
model = nn.Linear(2, 1)
by_name = getattr(torch.optim, args.optimizer)(model.parameters())  # role: optimizer of model
makers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
by_table = makers[args.optimizer](model.parameters())  # role: optimizer of model
rate = args.lr  # role: option
