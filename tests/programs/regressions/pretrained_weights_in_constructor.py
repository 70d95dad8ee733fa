# Should: Compare the order of events and not of text; never edit a model's own methods for this.
# Why: MIG503 as documented; importing the class elsewhere raises NameError.
# Seen: 2 of 119 (linear evaluation, a pretrained feature network).
# expect: migrated
# expect no text: wait_for_everyone
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Classifier(nn.Module):
    def __init__(self, path):
        super().__init__()
        self.features = nn.Linear(8, 8)
        self.head = nn.Linear(8, 2)
        self.load_state_dict(torch.load(path, map_location="cpu"), strict=False)

    def forward(self, x):
        return self.head(self.features(x))


if __name__ == "__main__":
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randint(0, 2, (64,))), batch_size=8)
    model = Classifier(sys.argv[1]).cuda()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
    best = 1e9
    for epoch in range(2):
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x.cuda()), y.cuda())
            loss.backward()
            optimizer.step()
        if loss.item() < best:
            best = loss.item()
            torch.save(model.state_dict(), "linear.pth")
