from data import dataset
from torch.utils.data import DataLoader
import torch

device = torch.device("cuda:0")
loader = DataLoader(dataset)
for x, y in loader:  # role: x: batch of loader; y: batch of loader
    x = x.to(device)  # role: batch of loader on device
    y = y.cuda(non_blocking=True)  # role: batch of loader on device
    back = x.cpu()  # role: tensor of batch
    twice = x.float()  # role: batch of loader on device
made = torch.zeros(2).cuda()  # role: fresh tensor on device
placed = torch.zeros(2, device=device)  # role: fresh tensor on device
