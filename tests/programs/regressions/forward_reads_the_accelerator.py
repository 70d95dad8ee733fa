# Should: `.cuda()` in `forward` becomes a move to the device of the model's own parameters: the Accelerator exists only
#   under the `__main__` guard, and whoever imports the class has none. A model without parameters keeps its move, which
#   is reported.
# Why: P3, P4; one answer for the guard and for a model that is imported.
# Seen: 1 of 40 repositories (capsules).
# expect: migrated
# expect text: 1.0).to(self.body.weight.device)
# expect no: MIG104
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Capsules(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 4)

    def forward(self, x):
        x = self.body(x)
        index = x.argmax(1)
        return x * torch.zeros(len(x), 4).scatter_(1, index.cpu().view(-1, 1), 1.0).cuda()


if __name__ == "__main__":
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 4)), batch_size=8)
    model = Capsules()
    model.cuda()
    print(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader:
        loss = nn.functional.mse_loss(model(x.cuda()), y.cuda())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
