from data import dataset
from torch.utils.data import DataLoader

loader = DataLoader(dataset)
batches = iter(loader)  # role: iterator
try:
    x = next(batches)  # role: batch of loader
except StopIteration:
    batches = iter(loader)
    x = next(batches)  # role: batch of loader
first = next(iter(loader))[0]  # role: batch of loader
