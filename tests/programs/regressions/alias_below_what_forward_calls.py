# Should: A function that a model's `forward` calls takes part in the training, and reads what the module binds below it.
# Why: `Tensor(...)` in it was left without `.to(accelerator.device)`, while `Tensor` itself became a type of the CPU: on a
#   GPU the script raised.
# Seen: 1 of 27 repositories (an adversarial autoencoder).
# expect: migrated
# expect text: Tensor(x.size(0), 4).to(accelerator.device).normal_()
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

cuda = torch.cuda.is_available()


def noisy(x):
    return x + Tensor(x.size(0), 4).normal_()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, x):
        return self.layer(noisy(x))


model = Net()
if cuda:
    model.cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(64, 4), torch.randn(64, 1)), batch_size=8)
Tensor = torch.cuda.FloatTensor if cuda else torch.FloatTensor

for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x.type(Tensor)), y.type(Tensor))
    loss.backward()
    optimizer.step()
