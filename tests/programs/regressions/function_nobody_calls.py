# Should: Let it read the module-level `accelerator`, as it reads `model` and `optimizer`; or leave it as it is,
#   with a note, where no training reaches it.
# Why: Scripts keep a variant beside the one in use.
# Seen: 2 of 119 (character RNN, sequence to sequence).
# expect: migrated
# expect text: accelerator.backward(loss)
# expect no text: loss.backward()
# expect no text: .cuda()
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train_with_noise(x):
    loss = model(x.cuda() + torch.randn_like(x).cuda()).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def train(x):
    loss = model(x.cuda()).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    loader = DataLoader(TensorDataset(torch.randn(64, 8)), batch_size=8, shuffle=True)
    model = nn.Linear(8, 1).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for (x,) in loader:
            loss = train(x)  # train_with_noise(x)
        print(epoch, loss)
