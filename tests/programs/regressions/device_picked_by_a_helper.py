# Before: The flag of `device = get_device(args.no_cuda)` was lost without a word, since the function's returns are no
#   definitions of a variable.
# Should: Keep the call, and let the Accelerator take over what it picks by a flag; a function that asks only whether there
#   is a GPU needs no such care.
# Why: P1 (same device).
# Seen: Written after two of 40 repositories whose helpers pick the device by a number of GPUs.
# expect: migrated
# expect text: Accelerator(cpu=device.type == "cpu")
# expect text: device = accelerator.device
import argparse

import torch


def get_device(no_cuda):
    if no_cuda:
        return torch.device("cpu")
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


parser = argparse.ArgumentParser()
parser.add_argument("--no-cuda", action="store_true")
args = parser.parse_args()
device = get_device(args.no_cuda)
model = torch.nn.Linear(4, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(32, 4)), batch_size=4)
for (x,) in loader:
    x = x.to(device)
    loss = model(x).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
