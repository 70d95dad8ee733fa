# Before: The device is an attribute of an imported module of the program (`import config`, `config.device`). It was left
#   as it is, the script was said to name no device, the Accelerator got `cpu=True`, the moves of model and batches went,
#   the moves of the evaluation stayed: on a GPU the model was on the CPU and the evaluation batch was not.
# Should: Treat `module.device` as a device (re-point it by `config.device = accelerator.device`, or `device =
#   accelerator.device` at the uses), as a class attribute already is; or keep to it.
# Why: P1 (same device), and a message that is untrue.
# Seen: 3 of 40 repositories: 1 migrated so (contrastive image and text), 2 refused with the untrue message (TD3,
#   translation).
# expect: migrated
# expect text: 'accelerator = Accelerator()\n'
# expect text: model(x.to(config.device))
import config
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

train_loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8, shuffle=True)
valid_loader = DataLoader(TensorDataset(torch.randn(64, 8), torch.randn(64, 1)), batch_size=8)
model = nn.Linear(8, 1).to(config.device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in train_loader:
    x, y = x.to(config.device), y.to(config.device)
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
with torch.no_grad():
    for x, y in valid_loader:
        print(nn.functional.mse_loss(model(x.to(config.device)), y.to(config.device)).item())
