# expect: migrated
# expect text: self.accelerator.prepare(
# expect no text: .to(self.device)
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, args):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
        self.model = nn.Linear(8, 1).to(self.device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=args.lr)

    def fit(self, epoch):
        for x, y in self.loader:
            loss = nn.functional.mse_loss(self.model(x.to(self.device)), y.to(self.device))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        print(epoch, loss.item())
