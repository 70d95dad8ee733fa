from data import dataset
from torch.utils.data import DataLoader


class Prefetcher:
    def __init__(self, loader):
        self.loader = loader

    def __iter__(self):
        for batch in self.loader:
            yield batch

    def __len__(self):
        return len(self.loader)


loader = DataLoader(dataset)
for x in Prefetcher(loader):  # role!: batch of loader (`__iter__` is not followed)
    pass
