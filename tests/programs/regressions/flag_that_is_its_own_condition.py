# Before: RecursionError, exit code 123 (with a folder: no file of it gets a result). `args.cuda = args.cuda and
#   torch.cuda.is_available()` defines the flag by itself; `is_availability` follows the definition for ever.
# Should: Keep a set of the expressions on the way, as in other fixpoints; then `Accelerator(cpu=not args.cuda)`.
# Why: P8, exit codes; a plain idiom of 2017 to 2020.
# Seen: 1 of 40 repositories (tree LSTM); the form is common.
# expect: migrated
# expect text: Accelerator(cpu=not args.cuda)
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--cuda", action="store_true")
args = parser.parse_args()
args.cuda = args.cuda and torch.cuda.is_available()
device = torch.device("cuda:0" if args.cuda else "cpu")
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    loss = model(torch.randn(4, 8).to(device)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
