# Should: Where an optimizer is built and never stepped in sight, report it once (MIG915 or MIG916: "handed to
#   `engine.train`, which is not part of the files read"), with the `.cuda()` sites.
# Why: P3: silence on code that was not understood is the worst bug.
# Seen: 2 of 119 (both silent in the score).
# expect: refused
# expect: MIG915
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchnet.engine import Engine


def main():
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
    model = nn.Linear(8, 1).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def network(sample):
        x, y = sample[0].cuda(), sample[1].cuda()
        output = model(x)
        return nn.functional.mse_loss(output, y), output

    engine = Engine()
    engine.hooks["on_end_epoch"] = lambda state: torch.save(model.state_dict(), "model.pth")
    engine.train(network, loader, 10, optimizer)


if __name__ == "__main__":
    main()
