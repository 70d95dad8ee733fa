# Before: The loader that each turn of `for split in (train, valid)` builds is prepared in the loop, the validation one
#   too: on two processes each prints the mean over its half. MIG206 said of this very loader that it is not prepared and
#   that metrics over it stay right.
# Should: Prepare in the training turns only (`if split == "train":`), or say of the loader that it is prepared in the
#   turns that evaluate, too.
# Why: P2 (metrics are global), P3, and a message that was untrue.
# Seen: 1 of 40 repositories (text VAE).
# expect: migrated
# expect: MIG206 says "also prepared when it evaluates"
# expect no: MIG206 says "not prepared"
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
datasets = {split: TensorDataset(torch.randn(32, 8), torch.randn(32, 1)) for split in ("train", "valid")}
model = nn.Linear(8, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for split in ("train", "valid"):
        data_loader = DataLoader(datasets[split], batch_size=4, shuffle=split == "train")
        losses = torch.tensor([])
        model.train(split == "train")
        for x, y in data_loader:
            x, y = x.to(device), y.to(device)
            loss = nn.functional.mse_loss(model(x), y)
            if split == "train":
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            losses = torch.cat((losses, loss.detach().cpu().view(1)))
        print(split, epoch, len(losses), losses.mean().item())
