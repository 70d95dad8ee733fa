# Should: As where a function returns the device alone: keep `device, ids = prepare_device(args.n_gpu)`, and let the
#   Accelerator take `device` over. Refuse where it is a string, which would have to be made a device within an unpacking.
# Why: P1 (same device); a template that many projects start from does this.
# Seen: Written after a project template of one of the listed repositories.
# expect: migrated
# expect text: (cpu=device.type == "cpu")
# expect text: device = accelerator.device
import argparse

import torch


def get_device(n_gpu):
    device = torch.device("cuda:0" if n_gpu > 0 else "cpu")
    return device, list(range(n_gpu))


parser = argparse.ArgumentParser()
parser.add_argument("--n-gpu", type=int)
args = parser.parse_args()
device, ids = get_device(args.n_gpu)
model = torch.nn.Linear(4, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(32, 4)), batch_size=4)
for (x,) in loader:
    x = x.to(device)
    loss = model(x).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
