from data import datasets
from torch.utils.data import DataLoader

loaders = {split: DataLoader(datasets[split]) for split in ["train", "val"]}  # role: loaders: dict; split: constant `train` | constant `val`
train = loaders["train"]  # role: loader = train
val = loaders["val"]  # role: loader = val
for split in ["train", "val"]:
    for x in loaders[split]:  # role: batch of train | batch of val
        pass
