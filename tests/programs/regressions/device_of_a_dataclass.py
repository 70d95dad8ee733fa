# Should: Know what `__post_init__` sets and what `field(default_factory=...)` makes: the device is a GPU without a number,
#   which stays, and the Accelerator is made as it is where a script names a device.
# Why: The Accelerator got `cpu=True`, the model lost its move, and what is made on `config.device` would not meet it.
# Seen: a configuration that carries the device is usual in repositories of several files.
# expect: migrated
# expect text: 'accelerator = Accelerator()\n'
# expect text: device=config.device
# expect no: MIG405
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    lr: float = 0.1
    sizes: list = field(default_factory=lambda: [8, 1])

    def __post_init__(self):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def main():
    config = Config()
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
    model = nn.Linear(*config.sizes).to(config.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=config.lr)
    for x, y in loader:
        loss = nn.functional.mse_loss(model(x.to(config.device)), y.to(config.device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    probe = torch.ones(1, 8, device=config.device)
    print(model(probe).item())


main()
