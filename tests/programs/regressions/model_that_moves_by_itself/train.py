# Should: A move in the code of a model that is imported goes to the device of one of its own layers. A model without
#   parameters keeps its move, which is reported.
# Why: P1, P3. Whoever imports the class has no Accelerator.
# Seen: models in a file beside the script, with `.cuda()` in `forward`.
# expect: migrated
# expect no text: .cuda()
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from net import Net


def main():
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 4)), batch_size=8)
    model = Net().cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader:
        loss = nn.functional.mse_loss(model(x.cuda()), y.cuda())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(loss.item())


if __name__ == "__main__":
    main()
