# Now: `prepare` binds `self.optim` anew, but `ScheduledOptim` has taken the optimizer before: what is stepped is
#   the one that is not prepared. Nothing is reported. Spread over files, the same program is refused with
#   "`ScheduledOptim._optimizer` is held by no variable", and loader and model get no finding at all (silent). `x, y
#   = (value for value in data)` stays.
# Should: Prepare before the wrapper takes the optimizer; across files find the variable behind the constructor's
#   argument.
# Why: P4 (aliases), P3.
# Seen: 1 of 40 repositories (language model pre-training), and the warm-up wrapper of many transformers.
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class ScheduledOptim:
    def __init__(self, optimizer, warmup):
        self._optimizer = optimizer
        self.warmup = warmup
        self.steps = 0

    def zero_grad(self):
        self._optimizer.zero_grad()

    def step_and_update_lr(self):
        self.steps += 1
        for group in self._optimizer.param_groups:
            group["lr"] = 0.1 * min(1.0, self.steps / self.warmup)
        self._optimizer.step()


class Trainer:
    def __init__(self, model, loader):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = model.to(self.device)
        self.train_data = loader
        self.optim = torch.optim.Adam(self.model.parameters())
        self.optim_schedule = ScheduledOptim(self.optim, 4)

    def train(self, epoch):
        self.iteration(epoch, self.train_data)

    def iteration(self, epoch, data_loader):
        for data in data_loader:
            x, y = (value.to(self.device) for value in data)
            loss = nn.functional.mse_loss(self.model(x), y)
            self.optim_schedule.zero_grad()
            loss.backward()
            self.optim_schedule.step_and_update_lr()
        print(epoch, loss.item())


loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
trainer = Trainer(nn.Linear(8, 1), loader)
for epoch in range(2):
    trainer.train(epoch)
