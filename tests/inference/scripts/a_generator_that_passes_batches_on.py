from data import dataset
from torch.utils.data import DataLoader

loader = DataLoader(dataset)


def endless(batches):
    while True:
        yield from batches


for x in endless(loader):  # role: batch of loader
    break
