# Should: Compare flags by the object behind the expression, not by the variable; list the flags that differ in the
#   message.
# Why: The classic `--no-cuda` script; at module level it works.
# Seen: 2 of 119 (image classification, text classification).
# expect: migrated
# expect text: Accelerator(cpu=not args.cuda)
import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-cuda", action="store_true")
    args = parser.parse_args()
    args.cuda = not args.no_cuda and torch.cuda.is_available()
    loader = DataLoader(TensorDataset(torch.randn(32, 8), torch.randn(32, 1)), batch_size=8)
    net = nn.Linear(8, 1)
    if args.cuda:
        net = net.cuda()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(2):
        train(args, net, loader, optimizer)


def train(args, net, loader, optimizer):
    for data, target in loader:
        if args.cuda:
            data, target = data.cuda(), target.cuda()
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(data), target)
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    main()
