from torch.utils.data import DataLoader, Subset, random_split
from torchvision import datasets, models, transforms

train_set = datasets.MNIST("data", transform=transforms.ToTensor())  # role: dataset
train, val = random_split(train_set, [9, 1])  # role: train: dataset; val: dataset
some = Subset(train_set, [1, 2])  # role: dataset
loader = DataLoader(train)  # role: loader
model = models.resnet18()  # role: model
