# Now: A two-step optimizer (sharpness-aware) is not recognised as stepped, so it is not prepared and no finding
#   says so; with an inner `self.base` the edit lands inside the optimizer class: `self.base =
#   accelerator.prepare(self.base)` with a global `accelerator`. `x, y = (b for b in batch)` stays.
# Should: An instance of a subclass of Optimizer counts as stepped by any of its own methods; never edit an
#   optimizer's own class; where its steps are not `step`, leave it out of `prepare` and say so (MIG907, no fp16). A
#   generator expression that only copies goes.
# Why: P3 (silent), P4 (half prepared), P5.
# Seen: 1 of 40 repositories, and all that copied this optimizer.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TwoSteps(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})
        self.base = torch.optim.SGD(self.param_groups, lr=lr)

    @torch.no_grad()
    def first_step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.add_(p.grad, alpha=0.05)
                self.state[p]["push"] = p.grad.clone()

    @torch.no_grad()
    def second_step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(self.state[p]["push"], alpha=0.05)
        self.base.step()


device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
model = nn.Linear(8, 1).to(device)
optimizer = TwoSteps(model.parameters(), lr=0.1)
for batch in loader:
    x, y = (b.to(device) for b in batch)
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.first_step()
    model.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.second_step()
    model.zero_grad()
