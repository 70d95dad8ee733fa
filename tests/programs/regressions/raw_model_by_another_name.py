# Should: Unwrap `model`, although `hasattr` is asked of `self.model`: both are the prepared model.
# Why: `raw_model = model` was left, and a second run would have unwrapped what is called on it.
# Seen: trainers after minGPT.
# expect: migrated
# expect text: raw_model = accelerator.unwrap_model(model)
# expect text: "accelerator = Accelerator()\n"
# expect no text: DataParallel
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, data):
        self.model = model
        self.data = data
        self.device = "cpu"
        if torch.cuda.is_available():
            self.device = torch.cuda.current_device()
            self.model = nn.DataParallel(self.model).to(self.device)

    def train(self):
        model = self.model
        raw_model = model.module if hasattr(self.model, "module") else model
        optimizer = torch.optim.SGD(raw_model.parameters(), lr=0.1)
        for (x,) in DataLoader(self.data, batch_size=4):
            loss = model(x.to(self.device)).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


Trainer(nn.Linear(4, 1), TensorDataset(torch.randn(16, 4))).train()
