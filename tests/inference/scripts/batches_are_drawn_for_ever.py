import itertools

from data import dataset
from torch.utils.data import DataLoader

loader = DataLoader(dataset)
for x in itertools.cycle(loader):  # role: batch of loader
    break
for x in itertools.islice(loader, 3):  # role: batch of loader
    pass
every = list(loader)  # role: sequence
one = every[0]  # role: batch of loader
