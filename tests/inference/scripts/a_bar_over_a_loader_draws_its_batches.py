from data import dataset
from torch.utils.data import DataLoader
from tqdm import tqdm

loader = DataLoader(dataset)
for x in tqdm(loader):  # role: batch of loader
    pass
for number, x in tqdm(enumerate(loader), total=len(loader)):  # role: number: unknown; x: batch of loader
    pass
